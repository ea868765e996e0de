import Foundation
import ModelTraining

/// Measures speed between reports and writes the lines of `metrics.jsonl`.
struct MetricsMeter {
  private let tokensPerStep: Int
  private let began: Double
  private var reported: (time: Double, step: Int)
  private var gradientNorm = 0.0

  init(tokensPerStep: Int, began: Double, step: Int) {
    self.tokensPerStep = tokensPerStep
    self.began = began
    reported = (began, step)
  }

  mutating func add(_ step: StepReport) { gradientNorm = step.gradientNorm }

  /// A JSON object on one line, keys sorted.
  mutating func line(_ validation: ValidationReport, epoch: Double, learningRate: Double, now: Double) -> String {
    struct Line: Encodable {
      let event: String
      let step: Int
      let epoch: Double
      let train_loss: Double?
      let validation_loss: Double
      let validation_bits_per_character: Double
      let learning_rate: Double
      let gradient_norm: Double
      let tokens_per_second: Double
      let seconds: Double
    }
    let speed = Double((validation.step - reported.step) * tokensPerStep) / max(now - reported.time, 1e-9)
    reported = (now, validation.step)
    return canonicalJSON(
      Line(
        event: validation.scheduled ? "validation" : "end", step: validation.step, epoch: epoch,
        train_loss: validation.trainingLoss, validation_loss: validation.validationLoss,
        validation_bits_per_character: validation.validationLoss / log(2), learning_rate: learningRate,
        gradient_norm: gradientNorm, tokens_per_second: speed, seconds: now - began))
  }
}
