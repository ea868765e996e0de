import RecurrentLayers
import TensorCheckpoints

/// `LSTM`, `GRU` and `SimpleRNN` of Keras 3.15.1 and Keras 2, with `CuDNNLSTM` and `CuDNNGRU` of Keras 2.
///
/// Weights are [I, G·H]; gates i, f, g, o and z, r, n. A GRU's bias has two rows, [2, 3·H], where the reset gate acts on the
/// product (`reset_after`, the default), and one, [3·H], where it acts on the state. The CuDNN layers keep two biases
/// behind each other, [2·G·H], and each gate's block of a weight as H × I numbers instead of I × H.
enum KerasLayout: PackageLayout {
  static let signatures = ["recurrent_kernel"]
  private static let variables = ["kernel", "recurrent_kernel", "bias"]

  static let linearWeightsHaveInputsFirst = true

  /// Names are written for Keras 3, whose `hard_sigmoid` has one slope; elsewhere it may be rounded to single precision.
  static func hasGates(_ activation: GateActivation) -> Bool {
    guard case .hardSigmoid(let slope) = activation else { return true }
    return KerasConfiguration.hardSlopes["3"].map(Float.init) == Float(slope)
  }

  static func split(_ name: String) -> (module: String, array: String) {
    var (module, array) = name.splittingLast(at: "/")
    if array.hasSuffix(":0") { array.removeLast(2) }
    // Keras 3 keeps the variables of a layer in a group of their own.
    if module.hasSuffix("/vars") { module.removeLast("/vars".count) }
    return (module, array)
  }

  static func place(of name: String) -> ArrayPlace? {
    var parts = name.split(separator: "/").map(String.init)
    guard var array = parts.popLast() else { return nil }
    // A cell of a layer, or one of several above each other: `rnn/cell/cells/lstm_cell`.
    let isStacked = parts.suffix(3).first == "cells" && parts.contains("cell")
    if parts.last == "vars", isStacked || parts.dropLast().last == "cell" {
      guard let number = layerNumber(array), number < variables.count else { return nil }
      array = variables[number]
      parts.removeLast(isStacked ? 1 : 2)
    } else {
      if array.hasSuffix(":0") { array.removeLast(2) }
      guard variables.contains(array) else { return nil }
    }
    var isReverse = false
    // A bidirectional layer holds one of each direction: `forward_layer` in Keras 3, `forward_lstm` in Keras 2.
    parts = parts.map { part in
      for (prefix, reverse) in [("forward_", false), ("backward_", true)] where part.hasPrefix(prefix) {
        isReverse = reverse
        return String(part.dropFirst(prefix.count))
      }
      return part
    }
    return ArrayPlace(module: parts.joined(separator: "/"), isReverse: isReverse, array: array)
  }

  static func weights(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights {
    let recurrent = try arrays.take("recurrent_kernel", rank: 2)
    let (hidden, columns) = (recurrent.shape[0], recurrent.shape[1])
    let input = try arrays.take("kernel", shape: [nil, columns])
    let bias = try arrays.takeIfAny("bias", ranks: 1...2)
    let isCuDNN = bias?.shape == [2 * columns] && columns > hidden
    let gru: RecurrentWeights.Cell? = bias.map { $0.shape.count == 2 || isCuDNN ? .gru : .gruResetBefore }
    let cell = try arrays.cell(rows: columns, hidden: hidden, gru: gru)
    func ours(_ weight: StoredTensor) -> StoredTensor {
      let rows = isCuDNN ? weight.gateBlocksReshaped(cell.gateCount) : weight.transposed()
      return rows.takingBlocks(order(of: cell), of: cell.gateCount)
    }
    var biases: [StoredTensor] = []
    if let bias {
      let wanted = isCuDNN ? [2 * columns] : cell == .gru ? [2, columns] : [columns]
      guard bias.shape == wanted else {
        throw .shape("\(arrays.module) bias", found: bias.shape, wanted: wanted)
      }
      let rows = bias.reshaped([bias.count / columns, columns])
      biases = (0..<rows.shape[0]).map { row in
        rows.rows(row..<row + 1).reshaped([columns]).takingBlocks(order(of: cell), of: cell.gateCount)
      }
    }
    return CellWeights(
      cell: cell,
      weights: .init(
        inputWeight: ours(input), recurrentWeight: ours(recurrent), inputBias: biases.first,
        recurrentBias: biases.count == 2 ? biases[1] : nil))
  }

  /// Positions there of the gates here; for two gates that are exchanged, also the other way round.
  private static func order(of cell: RecurrentWeights.Cell) -> [Int] {
    cell.gateCount == 3 ? [1, 0, 2] : Array(0..<cell.gateCount)
  }

  static func arrays(
    of weights: RecurrentWeights.Direction, _ cell: RecurrentWeights.Cell
  ) throws(ExchangeError) -> [(name: String, tensor: StoredTensor)] {
    try weights.requireNoProjection(.keras)
    let order = order(of: cell)
    func theirs(_ tensor: StoredTensor) -> StoredTensor { tensor.takingBlocks(order, of: cell.gateCount) }
    var arrays = [
      ("kernel", theirs(weights.inputWeight).transposed()),
      ("recurrent_kernel", theirs(weights.recurrentWeight).transposed()),
    ]
    if cell == .gru, let (input, recurrent) = weights.bothBiases {
      let width = input.shape[0]
      arrays.append(("bias", .joined([theirs(input), theirs(recurrent)]).reshaped([2, width])))
    } else if let bias = weights.biasSum {
      arrays.append(("bias", theirs(bias)))
    }
    return arrays
  }

  static func name(
    of array: String, _ cell: RecurrentWeights.Cell, layer: Int, isReverse: Bool, isBidirectional: Bool
  ) -> String {
    let kind =
      switch cell {
      case .lstm: "lstm"
      case .gru, .gruResetBefore: "gru"
      case .rnn, .rnnReLU: "simple_rnn"
      }
    let number = layer == 0 ? "" : "_\(layer)"
    let module =
      isBidirectional ? "bidirectional\(number)/\(isReverse ? "backward" : "forward")_layer" : "\(kind)\(number)"
    return "layers/\(module)/cell/vars/\(variables.firstIndex(of: array)!)"
  }
}

extension StoredTensor {
  /// The blocks of a matrix [I, G·H] below each other, [G·H, I], where each block of columns is H × I numbers.
  fileprivate func gateBlocksReshaped(_ gates: Int) -> StoredTensor {
    let (inputs, hidden) = (shape[0], shape[1] / gates)
    // Rows of blocks become blocks of rows: the transpose of (I, G) with H numbers for each element.
    let byGate = (0..<gates).map { gate in
      transposed().rows(gate * hidden..<(gate + 1) * hidden).transposed().reshaped([hidden, inputs])
    }
    return .joined(byGate)
  }
}
