import Autograd
import CharrnnTestSupport
import ModelTraining
import NeuralLayers
import RecurrentLayers
import TabularData
import TensorCore
import Testing

/// Fits, scores and predictions of sequences of several lengths equal those of the same sequences one by one.
@Suite struct RaggedFitTests {
  private static let lengths = [3, 1, 6, 4, 6, 2, 5]

  /// Sequences of vectors of two numbers.
  private static func sequences(_ lengths: [Int] = lengths, seed: UInt64 = 5) -> [Tensor<Double>] {
    var random = RandomSource(seed: seed)
    return lengths.map { .normal([$0, 2], mean: 0, standardDeviation: 1, using: &random) }
  }

  private static func stepClasses(_ lengths: [Int] = lengths) -> [[Int32]] {
    var random = RandomSource(seed: 6)
    return lengths.map { count in (0..<count).map { _ in Int32.random(in: 0..<3, using: &random) } }
  }

  private static func stepValues(_ lengths: [Int] = lengths) -> [Tensor<Double>] {
    var random = RandomSource(seed: 7)
    return lengths.map { .normal([$0, 3], mean: 0, standardDeviation: 1, using: &random) }
  }

  /// A layer of each kind that mixes steps, in both directions.
  private static func tagger() -> Sequential<Double> {
    Sequential<Double>(seed: 3) {
      Convolution1D<Double>(channels: 2, filters: 3, window: 3, padding: 1, activation: .tanh)
      Recurrent(
        StackedRecurrent([LSTMCell<Double>(input: 3, hidden: 4)], reverse: [LSTMCell<Double>(input: 3, hidden: 4)]),
        returning: .all)
      LayerNorm<Double>(8)
      Dense<Double>(8, 3)
    }
  }

  private static func classifier() -> Sequential<Double> {
    Sequential<Double>(seed: 4) {
      Recurrent(
        StackedRecurrent([GRUCell<Double>(input: 2, hidden: 4)], reverse: [GRUCell<Double>(input: 2, hidden: 4)]))
      Dense<Double>(8, 3)
    }
  }

  /// Loss and gradients of sequences, each run by itself: the mean over the rows of their outputs.
  private func oneByOne(
    _ model: Sequential<Double>, _ sequences: [Tensor<Double>], weights: [Double]? = nil,
    loss: (_ sequence: Int, _ outputs: Variable<Double>) -> (sum: Variable<Double>, count: Int)
  ) -> (loss: Double, gradients: [Tensor<Double>]) {
    let model = model.bound()
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape, mode: .training)
    var (total, count): (Variable<Double>?, Double) = (nil, 0)
    for (index, sequence) in sequences.enumerated() {
      let input = Variable(sequence.reshaped([1] + sequence.shape.dimensions))
      let part = loss(index, model(input, in: &context))
      let weight = weights?[index] ?? 1
      total = total.map { $0 + part.sum * weight } ?? part.sum * weight
      count += weight * Double(part.count)
    }
    let mean = total! / count
    let gradients = mean.gradients()
    return (mean.value.scalar, model.parameters.map { gradients[$0.parameter]! })
  }

  /// Loss of a fit's only step, which reads all sequences, and the gradients that it descended.
  private func fitted(
    _ model: Sequential<Double>, _ data: SequenceData<Double>, loss: LossFunction<Double>
  ) throws -> (loss: Double, gradients: [Tensor<Double>]) {
    var trained = model
    let history = try trained.fit(
      data, epochs: 1, optimizer: .sgd(learningRate: 1), loss: loss, options: FitOptions(batchSize: data.count))
    let steps = zip(model.parameters, trained.parameters).map { $0.parameter.value - $1.parameter.value }
    return (history.losses[0], steps)
  }

  private func expectSame(
    _ found: (loss: Double, gradients: [Tensor<Double>]), _ expected: (loss: Double, gradients: [Tensor<Double>]),
    _ name: Comment = ""
  ) {
    #expect(abs(found.loss - expected.loss) < 1e-12, name)
    #expect(found.gradients.count == expected.gradients.count, name)
    for (a, b) in zip(found.gradients, expected.gradients) { expectClose(a, b, name) }
  }

  @Test func aClassForEachStep() throws {
    let (sequences, classes) = (Self.sequences(), Self.stepClasses())
    let data = try SequenceData(sequences, targets: .stepClasses(classes))
    let expected = oneByOne(Self.tagger(), sequences) { index, outputs in
      let rows = outputs.reshaped([outputs.shape[1], 3])
      let loss = softmaxCrossEntropy(rows, targets: classes[index], in: ForwardContext())
      return (loss * Double(rows.shape[0]), rows.shape[0])
    }
    expectSame(try fitted(Self.tagger(), data, loss: .softmaxCrossEntropy), expected)
  }

  @Test func numbersForEachStep() throws {
    let (sequences, values) = (Self.sequences(), Self.stepValues())
    let data = try SequenceData(sequences, targets: .stepValues(values))
    let expected = oneByOne(Self.tagger(), sequences) { index, outputs in
      let rows = outputs.reshaped([outputs.shape[1], 3])
      return (meanSquaredError(rows, Variable(values[index])) * Double(rows.shape[0]), rows.shape[0])
    }
    expectSame(try fitted(Self.tagger(), data, loss: .meanSquaredError), expected)
  }

  @Test func aClassForEachSequence() throws {
    let sequences = Self.sequences()
    let classes: [Int32] = [0, 2, 1, 1, 0, 2, 2]
    let data = try SequenceData(sequences, targets: .classes(classes))
    let expected = oneByOne(Self.classifier(), sequences) { index, outputs in
      (softmaxCrossEntropy(outputs, targets: [classes[index]], in: ForwardContext()), 1)
    }
    expectSame(try fitted(Self.classifier(), data, loss: .softmaxCrossEntropy), expected)
  }

  @Test func numbersForEachSequenceWithWeights() throws {
    let sequences = Self.sequences()
    let weights = [1, 0.5, 2, 0.5, 0, 3, 1]
    let values = Tensor<Double>((0..<21).map { Double($0 % 5) - 2 }, shape: [7, 3])
    let data = try SequenceData(sequences, targets: .values(values), weights: weights)
    let expected = oneByOne(Self.classifier(), sequences, weights: weights) { index, outputs in
      (meanSquaredError(outputs, Variable(values.rows(index..<index + 1))), 1)
    }
    expectSame(try fitted(Self.classifier(), data, loss: .meanSquaredError), expected)
  }

  /// Weights, masks and missing numbers together.
  @Test func whatIsMaskedOrMissingCountsNowhere() throws {
    let sequences = Self.sequences()
    var values = Self.stepValues()
    let mask = Self.lengths.map { count in (0..<count).map { $0 % 3 != 1 } }
    let weights = [1, 2, 1, 0.25, 2, 1, 1]
    values[0][0, 1] = .nan
    values[3] = .full([4, 3], .nan)
    for step in 0..<6 where !mask[2][step] { values[2][step, 0] = .nan }
    let data = try SequenceData(
      sequences, targets: .stepValues(values), mask: mask, weights: weights, nan: .missing)
    var (loss, numbers) = (0.0, 0.0)
    let model = Self.tagger()
    for (index, sequence) in sequences.enumerated() {
      let outputs = model.predict(sequence.reshaped([1, -1, 2]))
      for step in 0..<Self.lengths[index] where mask[index][step] {
        for column in 0..<3 where !values[index][step, column].isNaN {
          let error = outputs[0, step, column] - values[index][step, column]
          loss += weights[index] * error * error
          numbers += weights[index]
        }
      }
    }
    #expect(abs(try fitted(model, data, loss: .meanSquaredError).loss - loss / numbers) < 1e-12)
    let report = try model.evaluate(data, loss: .meanSquaredError)
    #expect(abs(report.loss - loss / numbers) < 1e-12)
  }

  /// Metrics of many small batches are those of all outputs that are no padding.
  @Test func metricsCountNoPadding() throws {
    var random = RandomSource(seed: 9)
    let lengths = (0..<700).map { _ in Int.random(in: 1...9, using: &random) }
    let (sequences, values, classes) = (
      Self.sequences(lengths), Self.stepValues(lengths), Self.stepClasses(lengths)
    )
    let model = Self.tagger()
    let outputs = sequences.map { model.predict($0.reshaped([1, -1, 2])).reshaped([-1, 3]) }
    let (all, targets) = (Tensor.concatenate(outputs), Tensor.concatenate(values))
    let metrics: [Metric] = [.meanSquaredError, .meanAbsoluteError, .rSquared]
    let expected = try Sequential<Double> {}.evaluate(
      LabelledData(inputs: all, values: targets), loss: .meanSquaredError, metrics: metrics)
    let report = try model.evaluate(
      SequenceData(sequences, targets: .stepValues(values)), loss: .meanSquaredError, metrics: metrics)
    let steps = lengths.reduce(0, +)
    #expect(report.samples == steps && expected.samples == steps)
    #expect(abs(report.loss - expected.loss) < 1e-12)
    for metric in metrics { #expect(abs(report[metric]! - expected[metric]!) < 1e-12, "\(metric)") }

    let counting: [Metric] = [.accuracy, .topKAccuracy(2), .precision, .recall, .f1]
    let counted = try Sequential<Double> {}.evaluate(
      LabelledData(inputs: all, classes: classes.flatMap { $0 }), loss: .softmaxCrossEntropy, metrics: counting)
    let tagged = try model.evaluate(
      SequenceData(sequences, targets: .stepClasses(classes)), loss: .softmaxCrossEntropy, metrics: counting)
    #expect(tagged.metrics == counted.metrics && tagged.confusion == counted.confusion)
  }

  /// Answers whose targets are missing count in no metric.
  @Test func missingTargetsAreNoAnswers() throws {
    let sequences = Self.sequences([2, 3, 1])
    let model = Self.classifier()
    let answers = sequences.map { model.predict($0.reshaped([1, -1, 2])).argmax()[0] }
    var targets = Tensor<Double>.zeros([3, 3])
    for sequence in [0, 2] { targets[sequence, Int(answers[sequence])] = 1 }
    for column in 0..<3 { targets[1, column] = .nan }
    let report = try model.evaluate(
      SequenceData(sequences, targets: .values(targets), nan: .missing), loss: .meanSquaredError,
      metrics: [.accuracy, .topKAccuracy(3)])
    #expect(report[.accuracy] == 1 && report[.topKAccuracy(3)] == 1)
  }

  /// Sequences of a padded batch that holds anything after their ends.
  @Test func aPaddedBatchMayHoldNaNAfterItsSequences() throws {
    let lengths = Self.lengths
    func padded(_ sequences: [Tensor<Double>]) -> Tensor<Double> {
      var batch = Tensor<Double>.full([lengths.count, 6, sequences[0].shape[1]], .nan)
      for (index, sequence) in sequences.enumerated() {
        for step in 0..<lengths[index] {
          for column in 0..<sequence.shape[1] { batch[index, step, column] = sequence[step, column] }
        }
      }
      return batch
    }
    let (sequences, values) = (Self.sequences(), Self.stepValues())
    let data = try SequenceData(
      padded(sequences).withoutPadding(lengths), targets: .stepValues(padded(values).withoutPadding(lengths)))
    let expected = try SequenceData(sequences, targets: .stepValues(values))
    let (a, b) = (
      try fitted(Self.tagger(), data, loss: .meanAbsoluteError),
      try fitted(Self.tagger(), expected, loss: .meanAbsoluteError)
    )
    #expect(a.loss == b.loss && a.gradients == b.gradients && a.loss.isFinite)
  }

  /// Moments of batch normalization are those of the steps that are no padding.
  @Test func batchNormSeesNoPadding() throws {
    let (sequences, classes) = (Self.sequences(), Self.stepClasses())
    let model = Sequential<Double>(seed: 1) {
      BatchNorm<Double>(2)
      Dense<Double>(2, 3)
    }
    var (ragged, flat) = (model, model)
    let losses = try ragged.fit(
      SequenceData(sequences + sequences, targets: .stepClasses(classes + classes)), epochs: 3,
      loss: .softmaxCrossEntropy, options: FitOptions(batchSize: 14, shuffles: false)
    ).losses
    let rows = Tensor.concatenate(sequences + sequences)
    let expected = try flat.fit(
      LabelledData(inputs: rows, classes: (classes + classes).flatMap { $0 }), epochs: 3, loss: .softmaxCrossEntropy,
      options: FitOptions(batchSize: rows.shape[0], shuffles: false)
    ).losses
    for (a, b) in zip(losses, expected) { #expect(abs(a - b) < 1e-12) }
    for (a, b) in zip(ragged.parameters, flat.parameters) { expectClose(a.parameter.value, b.parameter.value) }
  }

  /// Token ids through an embedding are their vectors.
  @Test func tokensAreTheRowsOfTheirEmbedding() throws {
    var random = RandomSource(seed: 2)
    let table = Tensor<Double>.normal([5, 2], mean: 0, standardDeviation: 1, using: &random)
    let tokens = Self.lengths.map { count in (0..<count).map { _ in Int32.random(in: 0..<5, using: &random) } }
    let classes: [Int32] = [0, 2, 1, 1, 0, 2, 2]
    let rest = Self.classifier()
    let model = Sequential<Double>([Embedding(weight: table)] + rest.layers)
    let found = try fitted(model, SequenceData(tokens: tokens, targets: .classes(classes)), loss: .softmaxCrossEntropy)
    let vectors = tokens.map { table.gatherRows($0) }
    let expected = try fitted(rest, SequenceData(vectors, targets: .classes(classes)), loss: .softmaxCrossEntropy)
    expectSame((found.loss, Array(found.gradients.dropFirst())), expected)
    #expect(found.gradients[0].shape == [5, 2] && found.gradients[0].absolute().max().scalar > 0)
    let outputs = try model.predict(.tokens(tokens))
    #expect(try rest.predict(.vectors(vectors)) == outputs)
  }

  /// Outputs come in the order of the sequences, each as long as its own, whatever the batches.
  @Test(arguments: [1, 2, 3, 100])
  func predictionsAreThoseOfEachSequence(batchSize: Int) throws {
    let sequences = Self.sequences()
    for (outputs, expected) in zip(
      try Self.tagger().predict(.vectors(sequences), batchSize: batchSize),
      sequences.map { Self.tagger().predict($0.reshaped([1, -1, 2])).row(0) })
    {
      #expect(outputs.shape == expected.shape)
      expectClose(outputs, expected)
    }
    let strided = Sequential<Double>(seed: 8) {
      Convolution1D<Double>(channels: 2, filters: 3, window: 3, stride: 2, padding: 1)
      Recurrent(LSTMCell<Double>(input: 3, hidden: 2), returning: .all)
    }
    for (outputs, sequence) in zip(try strided.predict(.vectors(sequences), batchSize: batchSize), sequences) {
      expectClose(outputs, strided.predict(sequence.reshaped([1, -1, 2])).row(0))
    }
    let inputs = Tensor<Double>.stack(Self.sequences([4, 4, 4, 4, 4]))
    expectClose(
      Self.classifier().predict(inputs, batchSize: batchSize), Self.classifier().predict(inputs, batchSize: 5))
  }

  /// A fit learns from sequences, validates on others, and gives the same bits for the same seed.
  @Test func aFitOfSequencesIsTheSameEachTime() throws {
    var random = RandomSource(seed: 11)
    let lengths = (0..<300).map { _ in Int.random(in: 1...12, using: &random) }
    let sequences = Self.sequences(lengths)
    let classes = sequences.map { Int32($0.slice(axis: 1, 0..<1).sum().scalar > 0 ? 1 : 0) }
    let data = try SequenceData(sequences, targets: .classes(classes))
    func fitted(threads: Int) throws -> (history: FitHistory, parameters: [Tensor<Double>]) {
      var net = Sequential<Double>(seed: 1) {
        Recurrent(GRUCell<Double>(input: 2, hidden: 8))
        Dense<Double>(8, 2)
      }
      let history = try net.fit(
        data, epochs: 30, optimizer: .adam(learningRate: 0.05), loss: .softmaxCrossEntropy, metrics: [.accuracy],
        options: FitOptions(batchSize: 16, validation: .split(0.2), threads: threads))
      return (history, net.parameters.map(\.parameter.value))
    }
    let (one, two) = (try fitted(threads: 1), try fitted(threads: 2))
    #expect(one.history.losses == two.history.losses && one.parameters == two.parameters)
    #expect(one.history.losses.last! < 0.7 * one.history.losses[0])
  }

  /// Weights of any size are shares of their sum, also where the format of the numbers cannot hold them.
  @Test(arguments: [1, 1e-60, 1e60, 1e-300])
  func weightsOfAnySizeAreShares(unit: Double) throws {
    let sequences = Self.sequences([2, 3, 1]).map { Tensor<Float>($0.scalars.map { Float($0) }, shape: $0.shape) }
    func report(_ weights: [Double], batchSize: Int) throws -> Double {
      let model = Sequential<Float>(seed: 4) {
        Recurrent(GRUCell<Float>(input: 2, hidden: 4))
        Dense<Float>(4, 3)
      }
      let data = try SequenceData(sequences, targets: .classes([0, 2, 1]), weights: weights)
      return try model.evaluate(data, loss: .softmaxCrossEntropy, batchSize: batchSize).loss
    }
    let expected = try report([1, 2, 4], batchSize: 3)
    #expect(expected > 0.1)
    for batchSize in [1, 2, 3] {
      #expect(abs(try report([unit, 2 * unit, 4 * unit], batchSize: batchSize) - expected) < 1e-6)
    }
  }

  /// Layers that change the number of steps have no outputs for targets of steps, also where those of the first sequence fit.
  @Test func outputsOfOtherStepsAreRefused() throws {
    var model = Sequential<Double>(seed: 3) {
      Convolution1D<Double>(channels: 2, filters: 3, window: 3, stride: 2, padding: 1)
    }
    let lengths = [1, 4, 6]
    let data = try SequenceData(Self.sequences(lengths), targets: .stepClasses(Self.stepClasses(lengths)))
    #expect(throws: FitError.self) { try model.fit(data, epochs: 1, loss: .softmaxCrossEntropy) }
    #expect(throws: FitError.self) { try model.evaluate(data, loss: .softmaxCrossEntropy) }
  }

  @Test func sequencesTooShortForTheirReflectionAreRefused() throws {
    let model = Sequential<Double>(seed: 3) {
      Convolution1D<Double>(channels: 2, filters: 3, window: 3, padding: .reflect(2))
    }
    #expect(throws: DataError.tooFewSteps(sequence: 1, steps: 2)) {
      try model.predict(.vectors(Self.sequences([3, 2])), batchSize: 1)
    }
    #expect(try model.predict(.vectors(Self.sequences([3, 4])), batchSize: 1).map { $0.shape[0] } == [5, 6])
  }
}
