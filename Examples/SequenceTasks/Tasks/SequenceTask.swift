import SequenceModeling

/// A task whose right answer is known, so that what a recurrent net found can be held against it.
package struct SequenceTask: Sendable {
  package let name: String
  /// What goes in, and what is to come out.
  package let summary: String
  /// Trains on the task from a seed and measures what was learned.
  package let findings: @Sendable (_ effort: Effort, _ seed: UInt64) throws -> [Finding]

  package static let all: [SequenceTask] = [
    addingProblem, copyMemory, temporalOrder, reberGrammar, counting, sineForecast, placeNames, reversal,
  ]
}

/// How much work is put into a task.
package enum Effort: Sendable {
  /// A few steps, after which nothing is learned yet.
  case trial
  /// Enough to learn the task, in seconds.
  case brief
  /// A larger or longer form of the task.
  case full

  /// How many samples are measured, none of which was learned from.
  var unseen: Int { choose(trial: 10, brief: 500, full: 1000) }

  func choose<Value>(trial: Value, brief: Value, full: Value) -> Value {
    switch self {
    case .trial: trial
    case .brief: brief
    case .full: full
    }
  }
}

/// A number that was measured, beside what it should be.
package struct Finding: Sendable, CustomStringConvertible {
  package let quantity: String
  package let value: Double
  /// What the value is at least, or at most, once the task is learned.
  package let bound: Bound
  /// What it is for an answer that takes no memory.
  package let baseline: Double

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
