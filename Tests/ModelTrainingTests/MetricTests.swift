import ModelTraining
import NeuralLayers
import TabularData
import TensorCore
import Testing

@Suite struct MetricTests {
  /// Report of the identity as a model: the inputs are the outputs.
  private func report(
    _ outputs: Tensor<Double>, _ targets: Targets<Double>, loss: LossFunction<Double>, _ metrics: [Metric]
  ) throws -> EvaluationReport {
    try Activation<Double>(.linear).evaluate(
      LabelledData(inputs: outputs, targets: targets), loss: loss, metrics: metrics)
  }

  private func column(_ values: [Double]) -> Tensor<Double> { Tensor(values, shape: [values.count, 1]) }

  @Test func ofYesAndNoPrecisionRecallAndF1AreThoseOfYes() throws {
    // Three right yes, one wrong yes, two wrong no, four right no.
    let outputs = column([0.9, 0.8, 0.51, 0.7, 0.5, 0.1, 0.2, 0.3, 0, 0.49])
    let targets = column([1, 1, 1, 0, 1, 1, 0, 0, 0, 0])
    let found = try report(outputs, .values(targets), loss: .binaryCrossEntropy, [.accuracy, .precision, .recall, .f1])
    #expect(found[.accuracy] == 0.7)
    #expect(found[.precision] == 0.75)
    #expect(found[.recall] == 0.6)
    #expect(abs(found[.f1]! - 2 * 0.75 * 0.6 / (0.75 + 0.6)) < 1e-15)
    #expect(found.confusion.map { [$0[actual: 0, predicted: 0], $0[actual: 0, predicted: 1]] } == [4, 1])
    #expect(found.confusion.map { [$0[actual: 1, predicted: 0], $0[actual: 1, predicted: 1]] } == [2, 3])
    #expect(found.samples == 10)

    let logits = outputs.map { $0 - 0.5 }
    let fromLogits = try report(logits, .values(targets), loss: .binaryCrossEntropyFromLogits, [.accuracy, .f1])
    #expect(fromLogits.confusion == found.confusion, "a logit says yes above 0")
    let hinge = try report(logits, .values(targets.map { 2 * $0 - 1 }), loss: .hinge, [.accuracy, .recall])
    #expect(hinge.confusion == found.confusion, "and so does a score, for targets of −1 and 1")
  }

  @Test func nothingPredictedOrNothingToFindIsWorth0NotNaN() throws {
    let none = try report(
      column([0, 0]), .values(column([1, 0])), loss: .binaryCrossEntropy, [.precision, .recall, .f1])
    #expect(none.metrics.map(\.value) == [0, 0, 0])
    let all = try report(
      column([1, 1]), .values(column([0, 0])), loss: .binaryCrossEntropy, [.precision, .recall, .f1])
    #expect(all.metrics.map(\.value) == [0, 0, 0])
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func ofSeveralClassesTheyAreTheMeansOverTheClassesThatOccur(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let (count, classes) = (600, 5)
    let outputs = Tensor<Double>.normal([count, classes], using: &random)
    // Class 4 neither occurs nor is it ever the largest.
    let masked = outputs - Tensor([0, 0, 0, 0, 100], shape: [5])
    let labels = (0..<count).map { _ in Int32.random(in: 0..<4, using: &random) }
    let found = try report(
      masked, .classes(labels), loss: .softmaxCrossEntropy, [.accuracy, .precision, .recall, .f1, .topKAccuracy(2)])

    let predicted = (0..<count).map { row in (0..<5).max { masked[row, $0] < masked[row, $1] }! }
    func counted(_ isCounted: (Int, Int) -> Bool) -> Double {
      Double(zip(labels, predicted).count { isCounted(Int($0), $1) })
    }
    #expect(found[.accuracy] == counted { $0 == $1 } / Double(count), "seed \(seed)")
    var (precision, recall, f1) = (0.0, 0.0, 0.0)
    for label in 0..<4 {
      let right = counted { $0 == label && $1 == label }
      let p = right / counted { $1 == label }
      let r = right / counted { actual, _ in actual == label }
      (precision, recall, f1) = (precision + p / 4, recall + r / 4, f1 + 2 * p * r / (p + r) / 4)
    }
    #expect(abs(found[.precision]! - precision) < 1e-12, "seed \(seed)")
    #expect(abs(found[.recall]! - recall) < 1e-12, "seed \(seed)")
    #expect(abs(found[.f1]! - f1) < 1e-12, "seed \(seed)")
    let inTop = (0..<count).count { row in
      Set((0..<5).sorted { masked[row, $0] > masked[row, $1] }.prefix(2)).contains(Int(labels[row]))
    }
    #expect(found[.topKAccuracy(2)] == Double(inTop) / Double(count), "seed \(seed)")
    #expect(found.confusion?.count == count)

    let oneHot = try report(
      masked, .values(.oneHot(labels, classes: classes)), loss: .softmaxCrossEntropy, found.metrics.map(\.metric))
    #expect(oneHot.metrics == found.metrics, "one-hot targets are the same, seed \(seed)")
  }

  @Test func ofEqualOutputsTheOneBeforeCountsAsLarger() throws {
    let outputs = Tensor<Double>([1, 1, 1, 1, 1, 1], shape: [2, 3])
    let found = try report(
      outputs, .classes([1, 2]), loss: .softmaxCrossEntropy, [.topKAccuracy(1), .topKAccuracy(2), .topKAccuracy(3)])
    #expect(found.metrics.map(\.value) == [0, 0.5, 1])
  }

  /// Outputs that are no numbers are no hits, and a metric asked for twice counts once.
  @Test func outputsThatAreNoNumbersAreNoHits() throws {
    // A report of such outputs is made by training, which sees them as they come.
    let outputs = Tensor<Double>([1, 2, 3, 3, 2, 1], shape: [2, 3])
    let found = try report(
      outputs, .classes([2, 2]), loss: .softmaxCrossEntropy, [.topKAccuracy(1), .topKAccuracy(1)])
    #expect(found.metrics.map(\.value) == [0.5, 0.5])
    let nan = Sequential<Double> { Dense(weight: Tensor([.nan, .nan], shape: [2, 1])) }
    let none = try nan.evaluate(
      LabelledData(inputs: column([1, 2]), classes: [0, 1]), loss: .softmaxCrossEntropy, metrics: [.topKAccuracy(1)])
    #expect(none[.topKAccuracy(1)] == 0)
  }

  @Test(arguments: [1, 7, 256, 600])
  func errorsAndR2AreThoseOfTheirFormulasOverBatchesOfAnyNumber(count: Int) throws {
    var random = RandomSource(seed: 4)
    let outputs = Tensor<Double>.normal([count, 3], mean: 1e6, using: &random)
    let targets = outputs + .normal([count, 3], standardDeviation: 0.5, using: &random)
    let found = try report(
      outputs, .values(targets), loss: .meanSquaredError, [.meanSquaredError, .meanAbsoluteError, .rSquared])
    let difference = outputs - targets
    #expect(abs(found[.meanSquaredError]! - difference.squared().mean().scalar) < 1e-9)
    #expect(abs(found.loss - difference.squared().mean().scalar) < 1e-9)
    #expect(abs(found[.meanAbsoluteError]! - difference.absolute().mean().scalar) < 1e-9)
    if count > 1 {
      let spread = (targets - targets.mean(axis: 0, keepingAxis: true)).squared().sum(axis: 0)
      let expected = (1 - difference.squared().sum(axis: 0) / spread).mean().scalar
      #expect(abs(found[.rSquared]! - expected) < 1e-6)
    }
    #expect(found.confusion == nil)
  }

  @Test func ofATargetThatNeverVariesR2SaysWhetherItWasMet() throws {
    let targets = Targets.values(column([2, 2, 2]))
    #expect(try report(column([2, 2, 2]), targets, loss: .meanSquaredError, [.rSquared])[.rSquared] == 1)
    #expect(try report(column([2, 2, 3]), targets, loss: .meanSquaredError, [.rSquared])[.rSquared] == 0)
  }

  @Test func aReportAndAConfusionMatrixCanBeRead() throws {
    var confusion = ConfusionMatrix(classes: 2)
    for _ in 0..<12 { confusion.add(actual: 1, predicted: 0) }
    confusion.add(actual: 0, predicted: 0)
    #expect(confusion.description == " 1  0\n12  0")
    let report = EvaluationReport(
      samples: 3, loss: 0.123456, metrics: [MetricValue(.accuracy, 0.5), MetricValue(.topKAccuracy(3), 1)])
    #expect(report.description == "loss 0.1235, accuracy 0.5, top-3 accuracy 1.0")
    #expect(report[.f1] == nil)
  }
}
