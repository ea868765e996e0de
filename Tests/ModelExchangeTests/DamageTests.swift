import ModelExchange
import RecurrentLayers
import TensorCheckpoints
import Testing

/// Layers of a cell under a package's names, whole.
struct PackageLayers: Sendable, CustomTestStringConvertible {
  let convention: WeightConvention
  let cell: RecurrentWeights.Cell
  /// Of small whole numbers, which every type holds exactly.
  let tensors: [String: StoredTensor]

  var testDescription: String { "\(cell.rawValue) of \(convention.rawValue), \(tensors.count) arrays" }

  /// A layer of 3 inputs and 2 units of each cell, with one direction and with two, in each package that has it.
  static let all: [PackageLayers] = WeightConvention.allCases.flatMap { convention in
    RecurrentWeights.Cell.allCases.flatMap { cell in
      [false, true].compactMap { isBidirectional in
        // nnx has no bias inside the product of a GRU.
        let hasInner = !(convention == .flax && cell == .gru)
        let forward = direction(cell, recurrentBias: hasInner)
        let weights = try! RecurrentWeights(
          cell: cell, gateActivation: .sigmoid,
          layers: [.init(forward: forward, reverse: isBidirectional ? forward : nil)])
        return (try? weights.tensors(in: convention)).map {
          PackageLayers(convention: convention, cell: cell, tensors: $0)
        }
      }
    }
  }

  static func direction(_ cell: RecurrentWeights.Cell, recurrentBias: Bool = true) -> RecurrentWeights.Direction {
    let rows = 2 * cell.gateCount
    return .init(
      inputWeight: numbered(rows, 3), recurrentWeight: numbered(rows, 2), inputBias: numbered(rows),
      recurrentBias: recurrentBias ? numbered(rows) : nil)
  }

  static func numbered(_ shape: Int...) -> StoredTensor {
    StoredTensor((0..<shape.reduce(1, *)).map { Float($0) }, shape: shape)
  }

  func weights(replacing name: String, with tensor: StoredTensor) throws(ExchangeError) -> RecurrentWeights {
    try RecurrentWeights(tensors.merging([name: tensor]) { $1 }, in: convention, cell: cell)
  }
}

/// Arrays of which one is not as its package writes it.
@Suite struct DamageTests {
  /// Every shape that differs in one size by one, or is empty there, or lacks the first axis or has one more.
  private func damaged(_ shape: [Int]) -> [[Int]] {
    let sizes = shape.indices.flatMap { axis in
      [shape[axis] - 1, shape[axis] + 1, 0].map { size in
        var other = shape
        other[axis] = size
        return other
      }
    }
    return sizes + [Array(shape.dropFirst()), [1] + shape, shape + [1]]
  }

  @Test(arguments: PackageLayers.all)
  func everyOtherShapeOfAnArrayIsRefusedButAnotherInputWidth(layers: PackageLayers) throws {
    for (name, tensor) in layers.tensors {
      for shape in damaged(tensor.shape) {
        let zeros = StoredTensor([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
        let found: RecurrentWeights
        do throws(ExchangeError) { found = try layers.weights(replacing: name, with: zeros) } catch { continue }
        #expect(!found.isBidirectional || layers.convention == .onnx, "\(name) \(shape)")
        #expect([2, 4].contains(found.inputSize), "\(name) \(shape)")
      }
    }
  }

  private static let types: [StoredTensor.DType] = [.f16, .bf16, .f64]

  /// The numbers of a tensor of whole ones below 64 in another type.
  private func converted(_ tensor: StoredTensor, to type: StoredTensor.DType) -> StoredTensor {
    let values: [Float] = tensor.values()!
    if type == .f64 { return StoredTensor(values.map(Double.init), shape: tensor.shape) }
    let bits = values.map { value in
      UInt16(
        truncatingIfNeeded: type == .bf16
          ? value.bitPattern >> 16
          : value == 0 ? 0 : (UInt32(value.exponentBitPattern) - 112) << 10 | value.significandBitPattern >> 13)
    }
    return StoredTensor(dtype: type, shape: tensor.shape, bytes: bits.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
  }

  private func numbers(_ tensors: [String: StoredTensor]) -> [String: [Double]] {
    tensors.mapValues { $0.values()! }
  }

  @Test(arguments: PackageLayers.all, types)
  func anArrayOfAnotherTypeChangesNoNumber(layers: PackageLayers, type: StoredTensor.DType) throws {
    let whole = try RecurrentWeights(layers.tensors, in: layers.convention, cell: layers.cell)
    for (name, tensor) in layers.tensors {
      let mixed = try layers.weights(replacing: name, with: converted(tensor, to: type))
      for other in WeightConvention.allCases {
        guard let expected = try? whole.tensors(in: other) else { continue }
        #expect(try numbers(mixed.tensors(in: other)) == numbers(expected), "\(name) to \(other)")
      }
    }
  }

  /// Biases of every pair of types, as no package but PyTorch keeps them.
  @Test(arguments: RecurrentWeights.Cell.allCases, types)
  func biasesOfTwoTypesAreJoined(cell: RecurrentWeights.Cell, type: StoredTensor.DType) throws {
    let whole = PackageLayers.direction(cell)
    var mixed = whole
    mixed.recurrentBias = converted(whole.recurrentBias!, to: type)
    for reverse in [nil, whole] {
      func weights(_ forward: RecurrentWeights.Direction) throws -> RecurrentWeights {
        try RecurrentWeights(
          cell: cell, gateActivation: .sigmoid, layers: [.init(forward: forward, reverse: reverse)])
      }
      for other in WeightConvention.allCases {
        guard let expected = try? weights(whole).tensors(in: other) else { continue }
        #expect(try numbers(weights(mixed).tensors(in: other)) == numbers(expected), "\(other)")
      }
    }
  }

  @Test(arguments: WeightConvention.allCases, [false, true])
  func aDirectionWithoutBiasHasZeros(convention: WeightConvention, isForward: Bool) throws {
    var plain = PackageLayers.direction(.lstm)
    plain.recurrentBias = nil
    let biased = plain
    plain.inputBias = nil
    let layer = RecurrentWeights.Layer(forward: isForward ? biased : plain, reverse: isForward ? plain : biased)
    let weights = try RecurrentWeights(cell: .lstm, gateActivation: .sigmoid, layers: [layer])
    guard convention != .mlx else { return }  // which has no layers of two directions
    let back = try RecurrentWeights(weights.tensors(in: convention), in: convention).layers[0]
    let sums = [back.forward, back.reverse!].map { direction in
      [direction.inputBias, direction.recurrentBias].compactMap { $0?.values(as: Float.self) }
        .reduce([Float](repeating: 0, count: 8)) { zip($0, $1).map { $0 + $1 } }
    }
    let (numbers, zeros) = ((0..<8).map { Float($0) }, [Float](repeating: 0, count: 8))
    #expect(sums == (isForward ? [numbers, zeros] : [zeros, numbers]))
  }
}
