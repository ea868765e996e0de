import Foundation
import ModelTraining
import TensorCore

/// Measures speed between reports and writes the lines of `metrics.jsonl`.
struct MetricsMeter {
  private let tokensPerStep: Int
  private let charactersPerToken: Double?
  private let began: Double
  /// When the last report was, the steps done since, and the gradient norm of the last of them.
  private var reported: (time: Double, steps: Int, gradientNorm: Double?)

  init(tokensPerStep: Int, charactersPerToken: Double?, began: Double) {
    self.tokensPerStep = tokensPerStep
    self.charactersPerToken = charactersPerToken
    self.began = began
    reported = (began, 0, nil)
  }

  mutating func add(_ step: StepReport) {
    reported.steps += 1
    reported.gradientNorm = step.gradientNorm
  }

  /// State of a run that a line reports.
  struct Moment {
    let step: Int
    let epoch: Double
    let learningRate: Double
    let rollbacks: Int
    /// Seconds on the clock of the training.
    let now: Double
  }

  /// Line of a validation, or of a mean training loss where nothing is held out. A loss that is not finite is left out: JSON
  /// has no such number. So are speed and gradient norm where no step was done since the last report.
  mutating func line(
    _ event: String, training: MeanLoss?, validationLoss: Double?, at moment: Moment
  ) -> String {
    var line = line(event, at: moment)
    let loss = validationLoss.flatMap { $0.isFinite ? $0 : nil }
    (line.trainLoss, line.validationLoss) = (training?.loss, loss)
    line.penalty = training.flatMap { $0.penalty == 0 ? nil : $0.penalty }
    line.validationBits = loss.flatMap { loss in charactersPerToken.map { loss / log(2) / $0 } }
    line.gradientNorm = reported.gradientNorm
    let seconds = moment.now - reported.time
    if reported.steps > 0 && seconds > 0 { line.speed = Double(reported.steps) * Double(tokensPerStep) / seconds }
    reported = (moment.now, 0, nil)
    return canonicalJSON(line)
  }

  /// Line of a step that was skipped, or of a rollback.
  func line(recovery event: String, reason: String, at moment: Moment) -> String {
    var line = line(event, at: moment)
    line.reason = reason
    return canonicalJSON(line)
  }

  /// Line of a sample.
  ///
  /// - Parameter copy: the longest passage of it that stands in the corpus word for word.
  func line(sample text: String, copy: (tokens: Int, text: String), at moment: Moment) -> String {
    var line = line("sample", at: moment)
    (line.text, line.longestCopy, line.copy) = (text, copy.tokens, copy.text)
    return canonicalJSON(line)
  }

  private func line(_ event: String, at moment: Moment) -> Line {
    Line(
      event: event, step: moment.step, epoch: moment.epoch, learningRate: moment.learningRate,
      rollbacks: moment.rollbacks == 0 ? nil : moment.rollbacks, seconds: moment.now - began)
  }

  /// A JSON object on one line, keys sorted.
  private struct Line: Encodable {
    let event: String
    let step: Int
    let epoch: Double
    let learningRate: Double
    let rollbacks: Int?
    let seconds: Double
    var trainLoss: Double?
    var penalty: Double?
    var validationLoss: Double?
    var validationBits: Double?
    var gradientNorm: Double?
    var speed: Double?
    var reason: String?
    var text: String?
    var longestCopy: Int?
    var copy: String?

    enum CodingKeys: String, CodingKey {
      case event, step, epoch, rollbacks, seconds, penalty, reason, text, copy
      case longestCopy = "longest_copy"
      case trainLoss = "train_loss"
      case validationLoss = "validation_loss"
      case validationBits = "validation_bits_per_character"
      case learningRate = "learning_rate"
      case gradientNorm = "gradient_norm"
      case speed = "tokens_per_second"
    }
  }
}
