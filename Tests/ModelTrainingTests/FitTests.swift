import Autograd
import CharrnnTestSupport
import ModelTraining
import NeuralLayers
import TabularData
import TensorCore
import Testing

@Suite struct FitTests {
  static let corners = Tensor<Float>([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
  static let exclusiveOr = Tensor<Float>([0, 1, 1, 0], shape: [4])

  /// Points of a plane and which of three fans of it they lie in.
  private func fans(_ count: Int, seed: UInt64) throws -> LabelledData<Float> {
    var random = RandomSource(seed: seed)
    let points = Tensor<Float>.uniform([count, 2], in: -1..<1, using: &random)
    let classes = (0..<count).map { row -> Int32 in
      points[row, 1] > abs(points[row, 0]) ? 0 : points[row, 0] > 0 ? 1 : 2
    }
    return try LabelledData(inputs: points, classes: classes)
  }

  private func classifier(seed: UInt64 = 3) -> Sequential<Float> {
    Sequential(seed: seed) {
      Dense(2, 16, activation: .relu)
      BatchNorm(16)
      Dropout(0.1)
      Dense(16, 3)
    }
  }

  @Test func exclusiveOrIsSolvedFromEverySeed() throws {
    for seed in 1...UInt64(amount(debug: 5, release: 20)) {
      var net = Sequential(seed: seed) {
        Dense(2, 8, activation: .tanh)
        Dense(8, 1, activation: .sigmoid)
      }
      let history = try net.fit(
        Self.corners, Self.exclusiveOr, epochs: 250, optimizer: .adam(learningRate: 0.05),
        loss: .binaryCrossEntropy, metrics: [.accuracy], options: FitOptions(batchSize: 4, seed: seed))
      let outputs = net.predict(Self.corners).reshaped([4])
      #expect((outputs - Self.exclusiveOr).absolute().max().scalar < 0.1, "seed \(seed)")
      #expect(history.epochs.last?.training[.accuracy] == 1, "seed \(seed)")
    }
  }

  /// The same seed gives the same bits, whatever the number of threads; another seed gives others.
  @Test func theSameSeedGivesTheSameBits() throws {
    let data = try fans(200, seed: 1)
    func fitted(seed: UInt64, threads: Int) throws -> (losses: [Double], parameters: [[Float]]) {
      var net = classifier()
      let history = try net.fit(
        data, epochs: 3, loss: .softmaxCrossEntropy,
        options: FitOptions(batchSize: 32, validation: .split(0.2), seed: seed, threads: threads))
      return (history.losses + history.validationLosses, net.parameters.map(\.parameter.value.scalars))
    }
    let one = try fitted(seed: 1, threads: 1)
    let two = try fitted(seed: 1, threads: 2)
    #expect(one.losses == two.losses)
    #expect(one.parameters == two.parameters)
    #expect(try fitted(seed: 2, threads: 1).losses != one.losses)
  }

  /// Fitting in two parts, with what the optimizer remembers, is the same as fitting at once.
  @Test func fittingInTwoPartsIsTheSameAsFittingAtOnce() throws {
    let data = try fans(100, seed: 2)
    let compiled = classifier().compile(
      optimizer: .nAdam(), loss: .softmaxCrossEntropy, metrics: [.accuracy])
    var (whole, parts) = (compiled, compiled)
    let options = FitOptions<Sequential<Float>>(batchSize: 20, schedule: .cosine(steps: 24))
    let atOnce = try whole.fit(data, epochs: 5, options: options)
    let first = try parts.fit(data, epochs: 2, options: options)
    let second = try parts.fit(data, epochs: 3, options: options)
    #expect(whole.model.parameters.map(\.parameter.value) == parts.model.parameters.map(\.parameter.value))
    #expect(first.losses + second.losses == atOnce.losses)
    #expect((first.epochs + second.epochs).map(\.epoch) == [1, 2, 3, 4, 5])
    #expect((first.epochs + second.epochs).map(\.step) == [5, 10, 15, 20, 25])
    #expect((first.epochs + second.epochs).map(\.learningRate) == atOnce.epochs.map(\.learningRate))
  }

  @Test func itLearnsAndWhatItReportsIsWhatEvaluationFinds() throws {
    let (training, test) = (try fans(600, seed: 3), try fans(200, seed: 4))
    var net = classifier()
    let history = try net.fit(
      training, epochs: 30, optimizer: .adam(learningRate: 0.01), loss: .softmaxCrossEntropy,
      metrics: [.accuracy, .f1], options: FitOptions(batchSize: 30, validation: .data(test)))
    let last = try #require(history.epochs.last)
    #expect(last.training[.accuracy]! > 0.9)
    #expect(try net.evaluate(test, loss: .softmaxCrossEntropy, metrics: [.accuracy, .f1]) == last.validation)
    #expect(last.validation!.samples == 200)
    #expect(last.training.samples == 600, "every sample is in one batch of the epoch")
    #expect(last.validation![.accuracy]! > 0.9)
    #expect(net.predict(test.inputs).shape == [200, 3])
    #expect(history.end == .finished && history.modelEpoch == 30 && history.skippedSteps == 0)
  }

  @Test func batchNormalizationRemembersTheDataItWasFittedTo() throws {
    var random = RandomSource(seed: 5)
    let x = Tensor<Float>.normal([256, 1], mean: 10, standardDeviation: 3, using: &random)
    var net = Sequential { BatchNorm(1) }
    try net.fit(
      x, x, epochs: 30, optimizer: .sgd(learningRate: 0), loss: .meanSquaredError, options: FitOptions(batchSize: 64))
    let values = Dictionary(uniqueKeysWithValues: net.parameters.map { ($0.name, $0.parameter.value.scalar) })
    #expect(abs(values["0.running_mean"]! - x.mean().scalar) < 0.5)
    #expect(abs(values["0.running_var"]! - 9) < 2)
    #expect(values["0.weight"] == 1)
  }

  /// Early stopping waits as long as its patience, and gives back the best model.
  @Test func earlyStoppingWaitsAsLongAsItsPatience() throws {
    let (training, other) = (try fans(60, seed: 6), try fans(200, seed: 7))
    var models: [Sequential<Float>] = []
    var compiled = classifier().compile(
      optimizer: .adam(learningRate: 0.03), loss: .softmaxCrossEntropy, metrics: [.accuracy])
    let history = try compiled.fit(
      training, epochs: 300,
      options: FitOptions(
        batchSize: 20, validation: .data(other), earlyStopping: EarlyStopping(patience: 5),
        callbacks: [.everyEpoch { _, model in models.append(model) }]))
    let losses = history.validationLosses
    let best = losses.indices.min { losses[$0] < losses[$1] }!
    #expect(history.end == .stoppedEarly)
    #expect(losses.count == best + 1 + 5)
    #expect(history.modelEpoch == best + 1)
    #expect(models.count == losses.count)
    #expect(compiled.model.parameters.map(\.parameter.value) == models[best].parameters.map(\.parameter.value))

    let kept = try compiled.evaluate(other)
    #expect(kept.loss == losses[best])
    var last = classifier().compile(
      optimizer: .adam(learningRate: 0.03), loss: .softmaxCrossEntropy, metrics: [.accuracy])
    let again = try last.fit(
      training, epochs: 300,
      options: FitOptions(
        batchSize: 20, validation: .data(other),
        earlyStopping: EarlyStopping(watching: .metric(.accuracy), patience: 2, restoringBest: false)))
    #expect(again.end == .stoppedEarly && again.modelEpoch == again.epochs.count)
    let accuracies = again.epochs.map { $0.validation![.accuracy]! }
    #expect(accuracies.dropLast(2).max()! >= accuracies.suffix(2).max()!, "a larger accuracy is a better one")
  }

  @Test func callbacksSeeEveryStepAndEpochAndMayEndTheFitOrFail() throws {
    let data = try fans(50, seed: 8)
    var (steps, epochs) = ([Int](), [Int]())
    var net = classifier()
    let history = try net.fit(
      data, epochs: 10, loss: .softmaxCrossEntropy,
      options: FitOptions(
        batchSize: 20,
        callbacks: [
          .everyStep { steps.append($0.step) }, .everyEpoch { report, _ in epochs.append(report.epoch) },
          .stop { $0.epoch == 4 },
        ]))
    #expect(steps == Array(1...12))
    #expect(epochs == [1, 2, 3, 4])
    #expect(history.end == .stoppedByCallback && history.epochs.count == 4)

    let before = net.parameters.map(\.parameter.value)
    #expect(throws: Unexpected.self) {
      try net.fit(
        data, epochs: 10, loss: .softmaxCrossEntropy,
        options: FitOptions(callbacks: [.everyEpoch { _, _ in throw Unexpected() }]))
    }
    #expect(net.parameters.map(\.parameter.value) == before, "after a failure the model is as it was")
  }

  @Test func aFitThatDivergesThrowsAndLeavesTheModelAsItWas() throws {
    var net = Sequential { Dense(2, 1) }
    let before = net.parameters.map(\.parameter.value)
    #expect(throws: TrainingDiverged.self) {
      try net.fit(
        Self.corners * 1e10, Self.exclusiveOr, epochs: 100, optimizer: .sgd(learningRate: 1e20), loss: .meanSquaredError
      )
    }
    #expect(net.parameters.map(\.parameter.value) == before)
  }

  @Test func theShareHeldOutForValidationIsTrainedOnByNoStep() throws {
    // Nothing can be learned of a sample but from itself: its input is one-hot.
    let count = 20
    let targets = Tensor<Float>.ones([count, 1])
    var net = Sequential { Dense(count, 1, bias: false, initializer: .zeros) }
    let history = try net.fit(
      .identity(count), targets, epochs: 5, optimizer: .sgd(learningRate: 0.5), loss: .meanSquaredError,
      options: FitOptions(batchSize: 4, validation: .split(0.25)))
    #expect(net.parameters[0].parameter.value.scalars.count { $0 == 0 } == 5)
    #expect(history.validationLosses == [1, 1, 1, 1, 1])
  }

  @Test func theRateOfAnEpochIsThatOfItsLastUpdate() throws {
    var rates: [Double] = []
    var net = Sequential { Dense(2, 1) }
    let history = try net.fit(
      Self.corners, Self.exclusiveOr, epochs: 3, optimizer: .sgd(learningRate: 1e-3), loss: .meanSquaredError,
      options: FitOptions(
        batchSize: 2, schedule: .step(every: 1, factor: 0.5), callbacks: [.everyStep { rates.append($0.learningRate) }])
    )
    #expect(rates == (0..<6).map { 1e-3 / Double(1 << $0) })
    #expect(history.epochs.map(\.learningRate) == [rates[1], rates[3], rates[5]])
  }

  /// An epoch whose first step is left out is measured by its other steps alone.
  @Test func anEpochWithoutItsFirstStepIsMeasuredByTheOthers() throws {
    // The first sample's loss is infinite; in single precision its square is none.
    var targets = Tensor<Float>.zeros([8])
    targets[0] = 3e38
    var net = Sequential { Dense(2, 1, initializer: .zeros) }
    let x = Tensor<Float>.concatenate([Self.corners, Self.corners])
    let history = try net.fit(
      x, targets, epochs: 3, optimizer: .sgd(), loss: .meanSquaredError,
      options: FitOptions(batchSize: 2, shuffles: false))
    #expect(history.epochs.map(\.training.samples) == [6, 6, 6])
    #expect(history.losses == [0, 0, 0])
    #expect(history.skippedSteps == 3 && history.rollbacks == 0)
  }

  @Test func aFitOfWhichNoStepCanBeDoneThrows() throws {
    var net = Sequential { Dense(2, 1) }
    let targets = Tensor<Float>.full([4], 3e38)
    #expect(throws: TrainingDiverged.self) {
      try net.fit(Self.corners, targets, epochs: 2, loss: .meanSquaredError, options: FitOptions(batchSize: 4))
    }
  }

  @Test func aStepThatIsLeftOutLeavesTheRunningMomentsAlone() throws {
    var net = Sequential {
      BatchNorm(2)
      Dense(2, 1)
    }
    var targets = Tensor<Float>.zeros([8])
    targets[0] = 3e38
    let x = Tensor<Float>.concatenate([Self.corners * 1000, Self.corners])
    // The first of two batches, with the large inputs, is never finite.
    try net.fit(
      x, targets, epochs: 1, optimizer: .sgd(), loss: .meanSquaredError,
      options: FitOptions(batchSize: 4, shuffles: false))
    let mean = net.parameters.first { $0.name == "0.running_mean" }!.parameter.value
    #expect(mean.scalars.allSatisfy { abs($0 - 0.05) < 1e-6 })
  }

  @Test func classes0And1MayStandForTheNumbersOfABinaryLoss() throws {
    let numbers = try LabelledData(inputs: Self.corners, values: Self.exclusiveOr)
    let classes = try LabelledData(inputs: Self.corners, classes: [0, 1, 1, 0])
    let net = Sequential { Dense(2, 1) }
    let metrics: [Metric] = [.accuracy, .f1, .meanSquaredError]
    #expect(
      try net.evaluate(classes, loss: .binaryCrossEntropyFromLogits, metrics: metrics)
        == net.evaluate(numbers, loss: .binaryCrossEntropyFromLogits, metrics: metrics))
    let others = try LabelledData(inputs: Self.corners, classes: [0, 1, 2, 0])
    #expect(throws: DataError.classOutOfRange(2, at: .row(2), classes: 2)) {
      _ = try net.evaluate(others, loss: .binaryCrossEntropy)
    }
  }

  @Test func whatAModelsLayersHaveNotDrawnYetIsDrawnWhenItIsCompiled() throws {
    struct Net: Layer {
      typealias Scalar = Float
      var first = Dense<Float>(2, 4, activation: .tanh)
      var second = Dense<Float>(4, 1)
      func callAsFunction(_ x: Variable<Float>, in context: inout ForwardContext<Float>) -> Variable<Float> {
        second(first(x, in: &context), in: &context)
      }
      mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
        try visitor.visit(&first, "first")
        try visitor.visit(&second, "second")
      }
    }
    var net = Net()
    try net.fit(Self.corners, Self.exclusiveOr, epochs: 2, loss: .meanSquaredError)
    #expect(net.parameters.allSatisfy { $0.parameter.isDrawn && $0.parameter.value.sumOfSquares() > 0 })
  }

  @Test func updatesOfANetOfNetsStayInPlace() throws {
    var net = Sequential {
      Sequential {
        Dense(2, 4, activation: .tanh)
        Dense(4, 4)
      }
      Dense(4, 1)
    }.bound()
    func addresses() -> [UInt] {
      net.parameters.map { $0.parameter.value.withScalars { UInt(bitPattern: $0.baseAddress) } }
    }
    var optimizer = Optimizer(.adam(), for: net)
    var seen: [[UInt]] = []
    for _ in 0..<3 {
      let gradients = {
        var context = ForwardContext<Float>(tape: Tape(), mode: .training)
        return net(Variable(Self.corners), in: &context).squared().mean().gradients()
      }()
      optimizer.update(&net, with: gradients)
      seen.append(addresses())
    }
    #expect(seen[1] == seen[0] && seen[2] == seen[0])
  }
}
