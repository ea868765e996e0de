import Foundation
import TensorCore

/// The decay of the learning rate to 0 over the last updates of a run, decided while it trains: before it the schedule needs no
/// horizon.
///
/// The factor is 1 − √x, x being the share of its updates that are done: Hägele et al., "Scaling Laws and Compute-Optimal Training
/// Beyond Fixed Training Durations" (2024). It comes on top of the schedule's.
public struct LearningRateDecay: Sendable, Equatable, Codable {
  /// Updates that were done when it began.
  public let start: Int
  /// Updates that it spans.
  public let length: Int

  /// - Precondition: `start` ≥ 0, `length` ≥ 1.
  public init(start: Int, length: Int) {
    require(start >= 0 && length >= 1, "LearningRateDecay: \(length) updates after \(start) are no decay")
    (self.start, self.length) = (start, length)
  }

  /// Factor in the update that comes after `updates` others.
  public func factor(after updates: Int) -> Double {
    let part = Double(updates - start) / Double(length)
    return 1 - min(1, max(0, part)).squareRoot()
  }

  /// Whether all its updates are done.
  public func isOver(after updates: Int) -> Bool { updates - start >= length }

  /// Description of invalid numbers in a file; nil if a run can resume from them.
  var problem: String? {
    let counts = 0...OutsideNumbers.largestCount
    return counts.contains(start) && counts.contains(length) && length > 0
      ? nil : "the decay of its learning rate is \(length) updates after \(start)"
  }
}
