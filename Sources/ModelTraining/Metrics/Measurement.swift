import TabularData
import TensorCore

/// Accumulates, batch by batch, the sums from which loss and metrics follow.
struct Measurement<Scalar: TensorScalar>: Sendable {
  private let metrics: [Metric]
  private let decision: Decision?
  /// Sum of the losses of batches, and of the weights that they have.
  private var loss = (sum: 0.0, weight: 0.0)
  private var samples = 0
  /// Answers counted, and those that are correct.
  private var answers = 0
  private var right = 0
  private var hits: [Int: Int] = [:]
  /// Kept only for metrics that need it: with many classes it is large.
  private var confusion: ConfusionMatrix?
  private var errors: [ErrorSums] = []

  /// - Parameter decision: how outputs are read as answers; nil where the loss leaves it open.
  init(_ metrics: [Metric], decision: Decision?) {
    self.metrics = metrics
    self.decision = decision
  }

  /// Counts a batch.
  ///
  /// - Parameters:
  ///   - loss: the mean over the batch.
  ///   - weight: of the batch in the mean over all: its number of samples, where each counts alike.
  ///   - outputs: [batch, …, width].
  ///   - targets: numbers of the outputs' shape (NaN where one is missing), or a class for each sample.
  mutating func add(loss: Double, weight: Double, outputs: Tensor<Scalar>, targets: Targets<Scalar>) {
    self.loss.sum += loss * weight
    self.loss.weight += weight
    samples += outputs.shape[0]
    if outputs.shape[0] == 0 { return }
    if metrics.contains(where: { !$0.comparesNumbers }) {
      addAnswers(outputs, targets, decision ?? .usual(width: outputs.shape[-1]))
    }
    if metrics.contains(where: \.comparesNumbers), case .values(let values) = targets { addErrors(outputs, values) }
  }

  private mutating func addAnswers(_ outputs: Tensor<Scalar>, _ targets: Targets<Scalar>, _ decision: Decision) {
    let width = outputs.shape[-1]
    switch decision {
    case .threshold(let threshold, let targetThreshold):
      guard case .values(let values) = targets else { return }
      for (output, target) in zip(outputs.scalars, values.scalars) where !target.isNaN {
        count(target.double > targetThreshold ? 1 : 0, answeredBy: output.double > threshold ? 1 : 0, classes: 2)
      }
    case .largest:
      let actual =
        switch targets {
        case .classes(let classes): classes
        case .values(let values): values.argmax()
        }
      let isThere = presence(of: targets)
      for (row, (actual, predicted)) in zip(actual, outputs.argmax()).enumerated() where isThere?[row] ?? true {
        count(Int(actual), answeredBy: Int(predicted), classes: width)
      }
      for case .topKAccuracy(let k) in Set(metrics) { hits[k, default: 0] += topHits(k, outputs, actual, isThere) }
    }
  }

  /// Whether each row of targets is there whole; nil where nothing is missing.
  private func presence(of targets: Targets<Scalar>) -> [Bool]? {
    guard targets.hasMissing, case .values(let values) = targets else { return nil }
    return (0..<values.shape[0]).map { !values.row($0).reshaped([-1]).scalars.contains { $0.isNaN } }
  }

  private mutating func count(_ actual: Int, answeredBy predicted: Int, classes: Int) {
    answers += 1
    if actual == predicted { right += 1 }
    guard metrics.contains(where: \.needsConfusion) else { return }
    if confusion == nil { confusion = ConfusionMatrix(classes: classes) }
    confusion!.add(actual: actual, predicted: predicted)
  }

  private func topHits(_ k: Int, _ outputs: Tensor<Scalar>, _ actual: [Int32], _ isThere: [Bool]?) -> Int {
    let (scalars, width) = (outputs.scalars, outputs.shape[-1])
    return actual.enumerated().count { row, label in
      let start = row * width
      let own = scalars[start + Int(label)]
      var larger = 0
      for column in 0..<width {
        let other = scalars[start + column]
        if other > own || other == own && column < Int(label) { larger += 1 }
      }
      return !own.isNaN && larger < k && isThere?[row] ?? true
    }
  }

  private mutating func addErrors(_ outputs: Tensor<Scalar>, _ targets: Tensor<Scalar>) {
    let width = max(outputs.count / max(outputs.shape[0], 1), 1)
    if errors.isEmpty { errors = Array(repeating: ErrorSums(), count: width) }
    for (index, (output, target)) in zip(outputs.scalars, targets.scalars).enumerated() where !target.isNaN {
      errors[index % width].add(output: output.double, target: target.double)
    }
  }

  var report: EvaluationReport {
    EvaluationReport(
      samples: samples, loss: loss.sum / loss.weight, metrics: metrics.map { MetricValue($0, value(of: $0)) },
      confusion: confusion)
  }

  private func value(of metric: Metric) -> Double {
    let measured = errors.filter { $0.count > 0 }
    func perNumber(_ part: (ErrorSums) -> Double) -> Double {
      measured.reduce(0) { $0 + part($1) } / measured.reduce(0) { $0 + $1.count }
    }
    switch metric {
    case .accuracy: return Double(right) / Double(answers)
    case .topKAccuracy(let k): return Double(hits[k] ?? 0) / Double(answers)
    case .precision: return confusion.map { counted($0, $0.precision) } ?? .nan
    case .recall: return confusion.map { counted($0, $0.recall) } ?? .nan
    case .f1: return confusion.map { counted($0, $0.f1) } ?? .nan
    case .meanSquaredError: return perNumber(\.squares)
    case .meanAbsoluteError: return perNumber(\.absolutes)
    case .rSquared: return measured.reduce(0) { $0 + $1.determination } / Double(measured.count)
    }
  }

  /// With two classes, the measure of the second, the positive one; with more, the macro mean.
  private func counted(_ confusion: ConfusionMatrix, _ measure: (Int) -> Double) -> Double {
    confusion.classes == 2 ? measure(1) : confusion.macroMean(measure)
  }
}

/// Errors of one output over many samples. The sum of squared deviations of the targets is updated by Welford's method
/// (1962), without cancellation.
private struct ErrorSums: Sendable {
  private(set) var count = 0.0
  private(set) var squares = 0.0
  private(set) var absolutes = 0.0
  private var mean = 0.0
  private var squaredDeviations = 0.0

  mutating func add(output: Double, target: Double) {
    count += 1
    squares += (output - target) * (output - target)
    absolutes += abs(output - target)
    let before = target - mean
    mean += before / count
    squaredDeviations += before * (target - mean)
  }

  var determination: Double { squaredDeviations > 0 ? 1 - squares / squaredDeviations : (squares == 0 ? 1 : 0) }
}
