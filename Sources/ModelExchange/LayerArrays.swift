import TensorCheckpoints
import TensorCore

/// Arrays of a recurrent layer in one direction, by the names that a package gives them.
struct LayerArrays {
  let module: String
  /// Cell that the user says it is; nil where the tensors are to tell.
  let wanted: RecurrentWeights.Cell?
  private var arrays: [String: StoredTensor]

  init(module: String, arrays: [String: StoredTensor], wanted: RecurrentWeights.Cell?) {
    (self.module, self.arrays, self.wanted) = (module, arrays, wanted)
  }

  /// Names of the arrays that are left.
  var names: [String] { arrays.keys.sorted() }

  func holds(_ name: String) -> Bool { arrays[name] != nil }

  /// Takes an array.
  ///
  /// - Throws: where it is missing, has no floating-point type, or another number of axes.
  mutating func take(_ name: String, rank: Int) throws(ExchangeError) -> StoredTensor {
    guard let tensor = try takeIfAny(name, ranks: rank...rank) else { throw .missing("\(module) \(name)") }
    return tensor
  }

  /// Takes an array of a shape whose sizes may be any where they are nil.
  ///
  /// - Throws: where it is missing, has no floating-point type, or another shape.
  mutating func take(_ name: String, shape: [Int?]) throws(ExchangeError) -> StoredTensor {
    guard let tensor = try takeIfAny(name, shape: shape) else { throw .missing("\(module) \(name)") }
    return tensor
  }

  /// Takes an array that may be missing.
  mutating func takeIfAny(_ name: String, ranks: ClosedRange<Int> = 1...1) throws(ExchangeError) -> StoredTensor? {
    guard let tensor = arrays.removeValue(forKey: name) else { return nil }
    guard tensor.isFloatingPoint else { throw .type("\(module) \(name)", tensor.dtype) }
    guard ranks.contains(tensor.shape.count), tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw .shape("\(module) \(name)", found: tensor.shape, wanted: nil)
    }
    return tensor
  }

  /// Takes an array that may be missing, of a shape whose sizes may be any where they are nil.
  mutating func takeIfAny(_ name: String, shape: [Int?]) throws(ExchangeError) -> StoredTensor? {
    guard let tensor = try takeIfAny(name, ranks: shape.count...shape.count) else { return nil }
    let wanted = zip(shape, tensor.shape).map { $0 ?? $1 }
    guard tensor.shape == wanted else { throw .shape("\(module) \(name)", found: tensor.shape, wanted: wanted) }
    return tensor
  }

  /// The cell of a recurrent weight of `rows` rows and `hidden` units.
  ///
  /// - Parameter gru: the position of the reset gate of a GRU; nil where the tensors do not tell.
  func cell(rows: Int, hidden: Int, gru: RecurrentWeights.Cell?) throws(ExchangeError) -> RecurrentWeights.Cell {
    let candidates: [RecurrentWeights.Cell]
    switch rows % hidden == 0 ? rows / hidden : 0 {
    case 1: candidates = [.rnn, .rnnReLU]
    case 3: candidates = gru.map { [$0] } ?? [.gru, .gruResetBefore]
    case 4: candidates = [.lstm]
    default: throw .noCell(module: module, rows: rows, units: hidden)
    }
    if let wanted {
      guard candidates.contains(wanted) else { throw .otherCell(module: module, wanted, found: candidates[0]) }
      return wanted
    }
    // Every package's simple network has tanh unless it is told otherwise.
    guard candidates.count == 1 || candidates[0] == .rnn else { throw .ambiguousCell(module: module, candidates) }
    return candidates[0]
  }
}
