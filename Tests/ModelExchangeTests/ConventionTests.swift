import ModelExchange
import RecurrentLayers
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct ConventionTests {
  @Test(arguments: ExchangeFixture.all)
  func outputsAndStatesAreThoseOfThePackage(fixture: ExchangeFixture) throws {
    #expect(largestDifference(try fixture.results(of: fixture.weights), try fixture.expected) < 1e-5)
  }

  @Test(arguments: ExchangeFixture.all)
  func whatIsGivenBackIsWhatWasRead(fixture: ExchangeFixture) throws {
    let back = try fixture.weights.tensors(in: fixture.convention)
    if fixture.name.contains("apart") {
      // The package's other cell of the same numbers.
      let again = try RecurrentWeights(back, in: fixture.convention)
      #expect(largestDifference(try fixture.results(of: again), try fixture.expected) < 1e-5)
    } else if fixture.convention == .keras {
      #expect(Set(back.values.map(\.bytes)) == Set(fixture.tensors.values.map(\.bytes)))
    } else {
      #expect(back == fixture.tensors)
    }
  }

  @Test(arguments: ExchangeFixture.all, WeightConvention.allCases)
  func theOutputsStayThroughAnotherPackage(fixture: ExchangeFixture, other: WeightConvention) throws {
    let weights = try fixture.weights
    if let reason = Self.missingPlace(for: weights, in: other) {
      #expect(throws: ExchangeError.noCounterpart(reason, other)) { try weights.tensors(in: other) }
      return
    }
    let converted = try weights.tensors(in: other)
    let back = try RecurrentWeights(
      converted, in: other, cell: weights.cell, gateActivation: weights.gateActivation)
    // Two biases may have become their sum.
    #expect(largestDifference(try fixture.results(of: back), try fixture.expected) < 1e-5)
  }

  /// Something of the weights that the package has no place for; nil where it has one for everything.
  private static func missingPlace(for weights: RecurrentWeights, in package: WeightConvention) -> String? {
    let directions = weights.layers.flatMap { [$0.forward] + ($0.reverse.map { [$0] } ?? []) }
    let hasGates =
      switch package {
      case .keras: [.sigmoid, .hardSigmoid(slope: 1.0 / 6)].contains(weights.gateActivation)
      case .onnx: true
      case .pytorch, .flax, .flaxLinen, .mlx: weights.gateActivation == .sigmoid
      }
    if !hasGates { return "gates that are a \(weights.gateActivation)" }
    if package != .pytorch && directions.contains(where: { $0.projection != nil }) { return "a projection" }
    if weights.cell == .gruResetBefore && ![.keras, .onnx].contains(package) {
      return "a reset gate before the product"
    }
    let hasInnerBias = directions.contains { $0.recurrentBias?.values(as: Float.self)?.contains { $0 != 0 } ?? false }
    if package == .flax && weights.cell == .gru && hasInnerBias { return "a recurrent bias of a GRU, b_hn" }
    return package == .mlx && weights.isBidirectional ? "a layer of two directions" : nil
  }

  @Test func aPrefixOfAnyDepthIsTheModule() throws {
    let fixture = try #require(ExchangeFixture.all.first { $0.name == "pytorch-lstm.safetensors" })
    let named = fixture.tensors.map { ("_orig_mod.module.rnn.\($0.key)", $0.value) }
    let weights = try RecurrentWeights(Dictionary(uniqueKeysWithValues: named), in: .pytorch)
    #expect(try weights == fixture.weights)
  }

  @Test func elevenLayersOfKerasAreInTheOrderOfTheirNumbers() throws {
    var tensors: [String: StoredTensor] = [:]
    for layer in 0..<11 {
      let path = "layers/simple_rnn\(layer == 0 ? "" : "_\(layer)")/cell/vars"
      for number in 0..<2 { tensors["\(path)/\(number)"] = StoredTensor([Float(layer)], shape: [1, 1]) }
    }
    let weights = try RecurrentWeights(tensors, in: .keras)
    #expect(weights.layers.map { $0.forward.inputWeight.values(as: Float.self)! } == (0..<11).map { [Float($0)] })
  }

  /// A large model is not in memory twice while it is imported.
  @Test(arguments: WeightConvention.allCases) func largeWeightsAreNotCopied(convention: WeightConvention) throws {
    func random(_ shape: [Int]) -> StoredTensor {
      StoredTensor((0..<shape.reduce(1, *)).map { Float($0 % 1009) }, shape: shape)
    }
    let weights = try RecurrentWeights(
      cell: .lstm, gateActivation: .sigmoid,
      layers: [.init(forward: .init(inputWeight: random([128, 64]), recurrentWeight: random([128, 32])))])
    let tensors = try weights.tensors(in: convention).mapValues {
      StoredTensor(dtype: $0.dtype, shape: $0.shape, bytes: $0.bytes)
    }
    let back = try RecurrentWeights(tensors, in: convention)
    #expect(back == weights)
    for tensor in [back.layers[0].forward.inputWeight, back.layers[0].forward.recurrentWeight] {
      if case .arranged = tensor.contents { continue }
      #expect([.pytorch, .mlx].contains(convention))
    }
  }

  /// Keras 2 keeps each gate's block of a CuDNN layer's weights as units × inputs, and two biases.
  @Test func weightsOfCuDNNLayersAreTransposedBlockByBlock() throws {
    let (inputs, hidden) = (3, 2)
    func numbers(_ count: Int, from start: Int) -> [Float] { (0..<count).map { Float($0 + start) } }
    let gates = (0..<4).map { numbers(hidden * inputs, from: 100 * $0) }
    // [I, 4·H]: row i holds, gate by gate, the numbers i·H ..< (i + 1)·H of the gate's block.
    let kernel = (0..<inputs).flatMap { row in gates.flatMap { $0[row * hidden..<(row + 1) * hidden] } }
    let blocks = (0..<4).map { numbers(hidden * hidden, from: 1000 + 100 * $0) }
    let recurrent = (0..<hidden).flatMap { row in blocks.flatMap { $0[row * hidden..<(row + 1) * hidden] } }
    let weights = try RecurrentWeights(
      [
        "l/l/kernel:0": StoredTensor(kernel, shape: [inputs, 4 * hidden]),
        "l/l/recurrent_kernel:0": StoredTensor(recurrent, shape: [hidden, 4 * hidden]),
        "l/l/bias:0": StoredTensor(numbers(16, from: 0), shape: [16]),
      ], in: .keras)
    let forward = weights.layers[0].forward
    #expect(weights.cell == .lstm)
    #expect(forward.inputWeight == StoredTensor(gates.flatMap { $0 }, shape: [8, 3]))
    #expect(forward.recurrentWeight == StoredTensor(blocks.flatMap { $0 }, shape: [8, 2]))
    #expect(forward.inputBias == StoredTensor(numbers(8, from: 0), shape: [8]))
    #expect(forward.recurrentBias == StoredTensor(numbers(8, from: 8), shape: [8]))
  }
}
