import Foundation
import ModelTraining
import TensorCore

/// Measures speed between reports and writes the lines of `metrics.jsonl`.
struct MetricsMeter {
  private let tokensPerStep: Int
  private let charactersPerToken: Double?
  private let began: Double
  private var reported: (time: Double, step: Int)
  private var gradientNorm = 0.0

  init(tokensPerStep: Int, charactersPerToken: Double?, began: Double, step: Int) {
    self.tokensPerStep = tokensPerStep
    self.charactersPerToken = charactersPerToken
    self.began = began
    reported = (began, step)
  }

  mutating func add(_ step: StepReport) { gradientNorm = step.gradientNorm }

  /// A JSON object on one line, keys sorted. A loss that is not finite is left out: JSON has no such number.
  ///
  /// - Parameter validationLoss: nil where nothing is held out.
  mutating func line(
    event: String, step: Int, trainingLoss: Double?, validationLoss: Double?, epoch: Double, learningRate: Double,
    now: Double
  ) -> String {
    struct Line: Encodable {
      let event: String
      let step: Int
      let epoch: Double
      let trainLoss: Double?
      let validationLoss: Double?
      let validationBits: Double?
      let learningRate: Double
      let gradientNorm: Double
      let speed: Double
      let seconds: Double

      enum CodingKeys: String, CodingKey {
        case event, step, epoch, seconds
        case trainLoss = "train_loss"
        case validationLoss = "validation_loss"
        case validationBits = "validation_bits_per_character"
        case learningRate = "learning_rate"
        case gradientNorm = "gradient_norm"
        case speed = "tokens_per_second"
      }
    }
    let loss = validationLoss.flatMap { $0.isFinite ? $0 : nil }
    let speed = Double((step - reported.step) * tokensPerStep) / max(now - reported.time, 1e-9)
    reported = (now, step)
    return canonicalJSON(
      Line(
        event: event, step: step, epoch: epoch, trainLoss: trainingLoss, validationLoss: loss,
        validationBits: loss.flatMap { loss in charactersPerToken.map { loss / log(2) / $0 } },
        learningRate: learningRate,
        gradientNorm: gradientNorm, speed: speed, seconds: now - began))
  }
}
