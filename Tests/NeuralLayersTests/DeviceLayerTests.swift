import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

/// Every layer computes on a device what it computes on the host.
@Suite(.enabled(if: hasDevice))
struct DeviceLayerTests {
  @Test(arguments: LayerSample<Double>.all)
  func passesInDoubleAgreeWithTheHost(sample: LayerSample<Double>) throws {
    try expectAgreement(sample, within: 1e-12)
  }

  @Test(arguments: LayerSample<Float>.all)
  func passesInFloatAgreeWithTheHost(sample: LayerSample<Float>) throws {
    try expectAgreement(sample, within: 1e-5)
  }

  /// As on a device that has none: sums are added up in pairs of numbers.
  @Test(arguments: LayerSample<Float>.all)
  func passesWithoutDoublesAgreeWithTheHost(sample: LayerSample<Float>) throws {
    try OpenCLDevice.$avoidsDoubles.withValue(true) { try expectAgreement(sample, within: 1e-5) }
  }

  /// Outputs, gradients of the input and of every parameter, and what the pass makes of the statistics; of a batch, of one whose
  /// sequences have several lengths, and of none.
  private func expectAgreement<Scalar>(_ sample: LayerSample<Scalar>, within tolerance: Double) throws {
    let steps = sample.isOfSequences ? sample.shape[0] : 0
    let ragged = sample.isOfSequences ? try SequenceLengths([steps, 1, steps - 1], time: steps) : nil
    let cases: [(count: Int, lengths: SequenceLengths?)] = [(5, nil), (0, nil)] + (ragged.map { [(3, $0)] } ?? [])
    for mode in [ForwardMode.training, .inference] {
      for (count, lengths) in cases {
        try expectSame("\(mode), \(count) samples, ragged \(lengths != nil)", within: tolerance) { device in
          var model = try sample.model.on(device)
          var context = ForwardContext(
            tape: Tape<Scalar>(), mode: mode, random: RandomSource(seed: 2), workspace: Workspace(device: device))
          context.lengths = lengths
          let input = context.tape!.watch(try sample.batch(count, seed: 1).on(device))
          let output = model(input, in: &context)
          let gradients = output.squared().sum().gradients()
          model.updateStatistics(from: context.statistics)
          return [("outputs", output.value), ("gradient of the input", gradients[input])]
            + model.trainedParameters.map { ("gradient of \($0.name)", gradients[$0.parameter]) }
            + model.parameters.map { ("\($0.name) after the pass", $0.parameter.value) }
        }
      }
    }
  }

  @Test(arguments: LayerSample<Double>.all)
  func gradientsAreNumericOnes(sample: LayerSample<Double>) throws {
    let device = Device.openCL(try #require(testDevice))
    let inputs = [(name: "input", value: sample.batch(2, seed: 3))]
    let comparisons = GradientCheck.compare(sample.model, inputs: inputs, on: device, mode: .training) {
      projection($0($1[0], in: &$2))
    }
    expectPassing(comparisons, "seed 3")
  }

  /// Tokens as a list, and as numbers of a tensor on the device.
  @Test func embeddingsAgreeWithTheHost() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, within tolerance: Double) throws {
      let table = sample([7, 33], of: type)
      let ids: [Int32] = [3, 0, 3, 6, 1, 3]
      try expectSame("a list", within: tolerance) { device in
        try results(Embedding(weight: table), on: device) { $0(ids, in: &$1) }
      }
      try expectSame("numbers", within: tolerance) { device in
        let numbers = try Tensor(ids.map { Scalar($0) }, shape: [2, 3]).on(device)
        return try results(Embedding(weight: table), on: device) { $0(Variable(numbers), in: &$1) }
      }
    }
    try check(Double.self, within: 1e-12)
    try check(Float.self, within: 1e-5)
  }

  private func results<Scalar>(
    _ embedding: Embedding<Scalar>, on device: Device,
    _ look: (Embedding<Scalar>, inout ForwardContext<Scalar>) -> Variable<Scalar>
  ) throws -> [(name: String, value: Tensor<Scalar>?)] {
    let model = try embedding.bound().on(device)
    var context = ForwardContext(tape: Tape<Scalar>(), workspace: Workspace(device: device))
    let vectors = look(model, &context)
    return [("vectors", vectors.value), ("gradient", vectors.squared().sum().gradients()[model.weight])]
  }

  @Test func aModelMovedThereAndBackIsTheSame() throws {
    let device = Device.openCL(try #require(testDevice))
    for sample in LayerSample<Double>.all {
      let model = sample.model
      let moved = try model.on(device)
      #expect(moved.parameters.allSatisfy { $0.parameter.value.device == device }, "\(sample)")
      #expect(try moved.on(.cpu).parameters.map(\.parameter.value) == model.parameters.map(\.parameter.value))
      #expect(model.parameters.allSatisfy { $0.parameter.value.device == .cpu }, "\(sample): the original stays")
    }
  }
}
