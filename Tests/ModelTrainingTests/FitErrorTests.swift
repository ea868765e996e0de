import CharrnnTestSupport
import ModelTraining
import NeuralLayers
import RecurrentLayers
import TabularData
import TensorCore
import Testing

@Suite struct FitErrorTests {
  private let x = Tensor<Float>([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
  private let y = Tensor<Float>([0, 1, 1, 0], shape: [4])

  private func net(outputs: Int = 1) -> Sequential<Float> {
    Sequential { Dense(2, outputs) }
  }

  private func expect<Failure: Error & Equatable & CustomStringConvertible>(
    _ failure: Failure, _ message: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (inout Sequential<Float>) throws -> Void
  ) {
    var net = net()
    #expect(throws: failure, sourceLocation: sourceLocation) { try body(&net) }
    #expect(failure.description == message, sourceLocation: sourceLocation)
  }

  /// A class out of range, by fit and by evaluate, names the class, the row and how many there are.
  @Test func aClassOutOfRangeIsNamed() throws {
    let data = try LabelledData(inputs: x, classes: [0, 1, 2, 0])
    var net = net(outputs: 2)
    let failure = DataError.classOutOfRange(2, at: .row(2), classes: 2)
    #expect(throws: failure) { try net.fit(data, epochs: 1, loss: .softmaxCrossEntropy) }
    #expect(throws: failure) { _ = try net.evaluate(data, loss: .negativeLogLikelihood) }
    let good = try LabelledData(inputs: x, classes: [0, 1, 1, 0])
    #expect(throws: failure) {
      try net.fit(good, epochs: 1, loss: .softmaxCrossEntropy, options: FitOptions(validation: .data(data)))
    }
    #expect(failure.description.hasPrefix("class 2 at row 2 is outside of 0..<2"))
  }

  /// A batch larger than the data is an error, whose message says what would do.
  @Test func aBatchLargerThanTheDataIsAnError() {
    expect(
      DataError.batchLargerThanData(batch: 64, count: 4),
      "a batch of 64 is larger than the data, which has 4 samples; choose a batch of 4 or fewer"
    ) { try $0.fit(x, y, epochs: 1, loss: .meanSquaredError, options: FitOptions(batchSize: 64)) }
  }

  @Test func emptyDataAndNumbersThatAreNoneAreErrorsThatSayWhere() {
    var net = net()
    #expect(throws: DataError.noSamples) {
      try net.fit(Tensor([], shape: [0, 2]), Tensor([], shape: [0]), epochs: 1, loss: .meanSquaredError)
    }
    var broken = x
    broken[2, 1] = .nan
    #expect(throws: DataError.notFinite(.inputs, at: .row(2), index: [1], value: "nan")) {
      try net.fit(broken, y, epochs: 1, loss: .meanSquaredError)
    }
    #expect(throws: DataError.countsDiffer(inputs: 4, targets: 3)) {
      try net.fit(x, y.rows(0..<3), epochs: 1, loss: .meanSquaredError)
    }
    #expect(throws: DataError.emptyPart(testFraction: 0.01, count: 4)) {
      try net.fit(x, y, epochs: 1, loss: .meanSquaredError, options: FitOptions(validation: .split(0.01)))
    }
  }

  /// A loss or metric that is not for such targets is an error, before anything is trained.
  @Test func aLossOrMetricThatIsNotForSuchTargetsIsAnError() throws {
    let classes = try LabelledData(inputs: x, classes: [0, 0, 0, 0])
    expect(
      FitError.lossNeedsValues(loss: "mean squared error"),
      "mean squared error: the targets are classes; give numbers, or classes as one-hot vectors"
    ) { try $0.fit(classes, epochs: 1, loss: .meanSquaredError) }
    expect(
      FitError.lossNeedsClasses(loss: "negative log-likelihood"),
      "negative log-likelihood: the targets are numbers; give the class of each sample"
    ) { try $0.fit(x, y, epochs: 1, loss: .negativeLogLikelihood) }
    expect(
      FitError.targetOutsideDomain(loss: "binary cross entropy", value: 2, at: .row(3), domain: .probabilities),
      "binary cross entropy: the target 2.0 at row 3 is not a number from 0 to 1; correct it"
    ) { try $0.fit(x, Tensor([0, 1, 0, 2], shape: [4]), epochs: 1, loss: .binaryCrossEntropy) }
    expect(
      FitError.metricNeedsValues(metric: "R²"),
      "R²: the targets are classes, and it compares numbers; choose another metric"
    ) { net in
      net = self.net(outputs: 2)
      try net.fit(classes, epochs: 1, loss: .softmaxCrossEntropy, metrics: [.rSquared])
    }
    expect(
      FitError.lossNeedsOutputs(loss: "softmax cross entropy"),
      "softmax cross entropy: the model has a single output; give it one for each class"
    ) { try $0.fit(classes, epochs: 1, loss: .softmaxCrossEntropy) }
    expect(
      FitError.metricNeedsAnswers(metric: "F1"),
      "F1: the targets are numbers other than 0 and 1, and it counts answers; choose another metric"
    ) { try $0.fit(x, Tensor([0, 0.5, 1, 2], shape: [4]), epochs: 1, loss: .meanSquaredError, metrics: [.f1]) }
    expect(
      FitError.targetOutsideDomain(loss: "hinge loss", value: 0, at: .row(0), domain: .signs),
      "hinge loss: the target 0.0 at row 0 is not -1 or 1; correct it"
    ) { try $0.fit(x, y, epochs: 1, loss: .hinge) }
    expect(
      FitError.scheduleNeedsValidation,
      "the schedule waits for the validation loss to stop falling, and there are no validation data; hold some out"
    ) {
      try $0.fit(
        x, y, epochs: 1, loss: .meanSquaredError,
        options: FitOptions(schedule: .warmUp(steps: 1, from: 0.5, then: .reduceOnPlateau())))
    }
    expect(
      FitError.metricNeedsClasses(metric: "top-2 accuracy"),
      "top-2 accuracy: an output that answers yes or no has no classes to choose among; choose another metric"
    ) { try $0.fit(x, y, epochs: 1, loss: .binaryCrossEntropy, metrics: [.topKAccuracy(2)]) }
    expect(
      FitError.metricNotMeasured(metric: "recall"),
      "early stopping watches recall, which is not measured; add it to the metrics"
    ) {
      try $0.fit(
        x, y, epochs: 1, loss: .binaryCrossEntropyFromLogits,
        options: FitOptions(earlyStopping: EarlyStopping(watching: .metric(.recall), patience: 1)))
    }
  }

  @Test func shapesThatDoNotFitTrapWithBothShapesNamed() async {
    let input = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var net = Sequential { Dense(3, 1) }
      try net.fit(Tensor<Float>.ones([4, 2]), .ones([4]), epochs: 1, loss: .meanSquaredError)
    }
    expectMessage(
      "Dense: shapes [1, 2] and [1, 3] do not fit; the input must be [..., 3]", from: input)
    let target = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var net = Sequential { Dense(2, 3) }
      try net.fit(
        Tensor<Float>.ones([4, 2]), .ones([4, 2]), epochs: 1, loss: .meanSquaredError, options: FitOptions(batchSize: 4)
      )
    }
    expectMessage("meanSquaredError: shapes [4, 3] and [4, 2] do not fit", from: target)
  }
}

extension FitErrorTests {
  @Test func numbersThatEarlyStoppingMetricsOrLossesCannotHaveTrap() async {
    let patience = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = EarlyStopping(patience: 0)
    }
    expectMessage("EarlyStopping: a patience of 0 epochs; it must be at least 1", from: patience)
    let k = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Dense<Float>(2, 3).compile(loss: .softmaxCrossEntropy, metrics: [.topKAccuracy(0)])
    }
    expectMessage("top-k accuracy: k is 0, less than 1", from: k)
    let delta = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LossFunction<Float>.huber(delta: -1)
    }
    expectMessage("Huber loss: delta is -1.0, not a positive number", from: delta)
  }

  /// Sequences whose targets, tokens or outputs do not go with the model are named before the first step.
  @Test func sequencesThatDoNotGoWithTheModelAreErrors() throws {
    let tokens: [[Int32]] = [[1, 2], [3]]
    func model(_ output: Recurrent<GRUCell<Float>>.Output) -> Sequential<Float> {
      Sequential {
        Embedding(tokens: 4, features: 2)
        Recurrent(GRUCell(input: 2, hidden: 3), returning: output)
        Dense(3, 2)
      }
    }
    func expect(
      _ failure: some Error & Equatable, _ message: String, _ model: Sequential<Float>,
      _ data: SequenceData<Float>, _ loss: LossFunction<Float> = .softmaxCrossEntropy,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      var model = model
      let error = #expect(throws: (any Error).self, sourceLocation: sourceLocation) {
        try model.fit(data, epochs: 1, loss: loss)
      }
      #expect("\(error!)" == message && "\(failure)" == message, sourceLocation: sourceLocation)
    }
    expect(
      FitError.outputsOfSteps([1, 2, 2]),
      "the model gives [1, 2, 2] for a sequence, an output for each step, and the targets are one for each sequence; let a "
        + "layer return the last output alone", model(.all),
      try SequenceData(tokens: tokens, targets: .classes([0, 1])))
    expect(
      FitError.outputsOfSequences([1, 2]),
      "the model gives [1, 2] for a sequence, and the targets are one for each step; let it return an output for each",
      model(.last), try SequenceData(tokens: tokens, targets: .stepClasses([[0, 1], [1]])))
    expect(
      DataError.classOutOfRange(5, at: .step(0, ofSequence: 1), classes: 2),
      "class 5 at step 0 of sequence 1 is outside of 0..<2; correct it, or give the model as many outputs", model(.all),
      try SequenceData(tokens: tokens, targets: .stepClasses([[0, 1], [5]])))
    expect(
      DataError.tokenOutOfRange("4", at: .step(1, ofSequence: 0), tokens: 4),
      "token 4 at step 1 of sequence 0 is outside of 0..<4; correct it, or give the embedding as many rows",
      model(.all),
      try SequenceData(tokens: [[1, 4]], targets: .stepClasses([[0, 1]])))
    let sequences: [Tensor<Float>] = [.ones([5, 2]), .ones([2, 2])]
    expect(
      DataError.tooFewSteps(sequence: 1, steps: 2),
      "sequence 1 has 2 steps, fewer than a convolution of the model reads; leave it out or pad it",
      Sequential {
        Convolution1D(channels: 2, filters: 2, window: 3, stride: 2)
        Recurrent(GRUCell(input: 2, hidden: 2))
      }, try SequenceData(sequences, targets: .classes([0, 1])))
    let partial = Tensor<Float>([0.5, .nan, 0.5, 0.5], shape: [2, 2])
    expect(
      FitError.lossNeedsAllValues(loss: "softmax cross entropy", at: .sequence(0)),
      "softmax cross entropy: a part of the target at sequence 0 is missing; leave out the whole target, or choose another "
        + "loss", model(.last), try SequenceData(tokens: tokens, targets: .values(partial), nan: .missing))
    #expect(throws: DataError.tokenOutOfRange("1.5", at: .row(1), tokens: 4)) {
      let rows = try LabelledData(inputs: Tensor<Float>([0, 1, 1.5, 1], shape: [2, 2]), classes: [0, 0])
      _ = try model(.last).evaluate(rows, loss: .softmaxCrossEntropy)
    }
  }
}
