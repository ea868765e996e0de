import SequenceModeling

/// A task with a known answer, with which the result of a recurrent net can be compared.
package struct SequenceTask: Sendable {
  package let name: String
  /// The inputs and the target, in one line.
  package let summary: String
  /// Trains a net on the task and measures it on unseen samples.
  package let findings: @Sendable (_ effort: Effort, _ seed: UInt64) throws -> [Finding]

  package static let all: [SequenceTask] = [
    addingProblem, copyMemory, temporalOrder, reberGrammar, counting, sineForecast, seasonalForecast, placeNames,
    reversal,
    dateTranslation, tagging, glyphLines,
  ]
}

/// The amount of training.
package enum Effort: Sendable {
  /// A few steps, too few to learn anything.
  case trial
  /// Enough to learn the task, within seconds.
  case brief
  /// A larger or longer form of the task.
  case full

  /// The number of unseen samples to measure on.
  var unseen: Int { choose(trial: 10, brief: 500, full: 1000) }

  func choose<Value>(trial: Value, brief: Value, full: Value) -> Value {
    switch self {
    case .trial: trial
    case .brief: brief
    case .full: full
    }
  }
}

/// A measured number beside its expected one.
package struct Finding: Sendable, CustomStringConvertible {
  package let quantity: String
  package let value: Double
  /// The limit that the value reaches when the task is learned.
  package let bound: Bound
  /// The value for the best answer without memory.
  package let baseline: Double
  /// A picture of one answer; empty for none.
  package var illustration = ""

  package enum Bound: Sendable {
    case atLeast(Double)
    case below(Double)
  }

  package var holds: Bool {
    switch bound {
    case .atLeast(let limit): value >= limit
    case .below(let limit): value < limit
    }
  }

  /// `mean squared error of LSTM: 0.0031 (expected: below 0.01; without memory: 0.1667)`.
  package var description: String {
    let expected =
      switch bound {
      case .atLeast(let limit): "at least \(limit)"
      case .below(let limit): "below \(rounded(limit))"
      }
    return "\(quantity): \(rounded(value)) (expected: \(expected); without memory: \(rounded(baseline)))"
  }
}

private func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
