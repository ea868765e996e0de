import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

/// Laws that all layers obey.
@Suite struct EveryLayerTests {
  /// A batch of sequences of several lengths, with NaN after their ends, gives each what it gives by itself.
  @Test(arguments: LayerSample<Double>.all.filter(\.isOfSequences))
  func aBatchOfSeveralLengthsIsItsSequences(sample: LayerSample<Double>) throws {
    let (model, steps) = (sample.model, sample.shape[0])
    let lengths = [steps, 1, steps - 1]
    var batch = sample.batch(3, seed: 4)
    for (sequence, length) in lengths.enumerated() {
      for step in length..<steps { for i in 0..<sample.shape[1] { batch[sequence, step, i] = .nan } }
    }
    var context = ForwardContext<Double>()
    context.lengths = try SequenceLengths(lengths, time: steps)
    let outputs = model(Variable(batch), in: &context)
    let found = outputs.value.withoutPadding(try #require(context.lengths).steps)
    for (sequence, length) in lengths.enumerated() {
      var own = ForwardContext<Double>()
      let expected = model(Variable(batch.row(sequence).rows(0..<length).reshaped([1, length, -1])), in: &own).value
      #expect(model.outputSteps(of: length) == expected.shape[1])
      expectClose(found[sequence], expected.row(0), "\(sample), sequence \(sequence)")
    }
  }

  @Test(arguments: LayerSample<Double>.all)
  func aBatchOfNoSamplesPassesThroughAndTeachesNothing(sample: LayerSample<Double>) {
    for mode in [ForwardMode.training, .inference] {
      var model = sample.model
      var context = ForwardContext(tape: Tape<Double>(), mode: mode)
      let input = context.tape!.watch(sample.batch(0, seed: 1))
      let output = model(input, in: &context)
      var one = ForwardContext<Double>()
      let shape = model(Variable(sample.batch(1, seed: 1)), in: &one).shape.dimensions
      #expect(output.shape.dimensions == [0] + shape.dropFirst())
      let gradients = output.sum().gradients()
      #expect(gradients[input]?.shape == input.shape)
      for (name, parameter) in model.trainedParameters {
        #expect(gradients[parameter] == .zeros(parameter.shape), "\(name)")
      }
      let before = model.parameters.map(\.parameter.value)
      model.updateStatistics(from: context.statistics)
      #expect(model.parameters.map(\.parameter.value) == before)
    }
  }

  @Test(arguments: LayerSample<Double>.all)
  func theNumberOfThreadsChangesNoBit(sample: LayerSample<Double>) {
    func results(threads: Int) -> [Tensor<Double>?] {
      var model = sample.model
      var context = ForwardContext(
        tape: Tape<Double>(), mode: .training, random: RandomSource(seed: 2), workspace: Workspace(threads: threads))
      let input = context.tape!.watch(sample.batch(7, seed: 1))
      let output = model(input, in: &context)
      let gradients = output.squared().sum().gradients()
      model.updateStatistics(from: context.statistics)
      return [output.value, gradients[input]] + model.trainedParameters.map { gradients[$0.parameter] }
        + model.parameters.map(\.parameter.value)
    }
    let alone = results(threads: 1)
    #expect(!alone.contains { $0 == nil })
    for threads in [2, 3] { #expect(results(threads: threads) == alone, "\(threads) threads, seed 1") }
  }

  @Test(arguments: LayerSample<Double>.all)
  func atInferenceASampleKnowsNothingOfTheOthers(sample: LayerSample<Double>) {
    let (model, batch) = (sample.model, sample.batch(5, seed: 3))
    var context = ForwardContext<Double>()
    let together = model(Variable(batch), in: &context).value
    for index in 0..<5 {
      let alone = model(Variable(batch.slice(axis: 0, index..<index + 1)), in: &context).value
      let difference = (alone - together.slice(axis: 0, index..<index + 1)).absolute().max().scalar
      #expect(difference < 1e-13, "sample \(index), seed 3")
    }
  }

  @Test func flatteningKeepsTheSamplesAndTheOrder() {
    for shape in [[4], [4, 3], [4, 3, 2], [4, 1, 1, 5], [4, 0]] {
      let x = Tensor<Double>.arange(shape.reduce(1, *)).reshaped(shape)
      var context = ForwardContext<Double>()
      let y = Flatten<Double>()(Variable(x), in: &context).value
      #expect(y.shape.dimensions == [4, shape.dropFirst().reduce(1, *)])
      #expect(y.scalars == x.scalars)
    }
  }

  @Test func aSingleNumberIsNoBatch() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Float>()
      _ = Flatten<Float>()(Variable(Tensor(1)), in: &context)
    }
    expectMessage("Flatten: a single number has no axis of samples", from: result)
  }

  @Test func layersThatCannotBeTrap() async {
    let convolution = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Convolution1D<Float>(channels: 2, filters: 0)
    }
    expectMessage("Convolution1D: 2 channels, 0 filters, window 9, stride 1", from: convolution)
    let weight = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Convolution1D<Float>(weight: .zeros([2, 3, 1]), bias: .zeros([3]))
    }
    expectMessage("Convolution1D: shapes [2, 3, 1] and [3] do not fit", from: weight)
    let table = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Embedding<Float>(weight: .zeros([2]))
    }
    expectMessage("Embedding: shapes [2] and [] do not fit", from: table)
    let local = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LocallyConnected<Float>(.line(9), channels: 0)
    }
    expectMessage("LocallyConnected: 0 channels and 1 filters", from: local)
    let momentum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = BatchNorm<Float>(2, momentum: 1.5)
    }
    expectMessage("BatchNorm: the momentum 1.5 is not in 0...1", from: momentum)
    let epsilon = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LayerNorm<Float>(2, epsilon: 0)
    }
    expectMessage("LayerNorm: 2 features and ε = 0.0; both must be positive", from: epsilon)
    let channels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Float>()
      _ = Convolution1D<Float>(channels: 2, filters: 1, window: 1, initializer: .zeros)(
        Variable(.zeros([1, 4, 3])), in: &context)
    }
    expectMessage("Convolution1D: shapes [1, 4, 3] and [1, 2, 1] do not fit", from: channels)
  }
}
