import Foundation

/// Change of the learning rate over a run: a factor of the base rate that depends on the number of updates alone.
///
/// Formulas follow PyTorch's schedulers, stepped after every update (not every epoch). Floors are shares of the base rate.
/// n is the number of updates done before: 0 for the first.
public indirect enum LearningRateSchedule: Sendable, Equatable, Codable {
  case constant
  /// factor^⌊n / every⌋.
  case step(every: Int, factor: Double = 0.1)
  /// factorⁿ.
  case exponential(factor: Double)
  /// floor + (1 − floor) · ½(1 + cos(π·n/steps)), and the floor from there on (Loshchilov and Hutter, "SGDR", 2017, without
  /// restarts).
  case cosine(steps: Int, floor: Double = 0)
  /// from + (1 − from)·n/steps; then another schedule, which counts from there.
  case warmUp(steps: Int, from: Double, then: LearningRateSchedule = .constant)
  /// Smith and Topin, "Super-convergence" (2018): for the share `rising` of the steps up from 1/startDivisor to 1, then down to
  /// 1/(startDivisor·endDivisor), both along half a cosine; there it stays. The base rate is the peak. Momentum is not
  /// cycled.
  case oneCycle(steps: Int, rising: Double = 0.3, startDivisor: Double = 25, endDivisor: Double = 1e4)
  /// Times `factor`, though never below `floor`, whenever the loss of more than `patience` scheduled validations in a row was
  /// not below the best one times 1 − threshold; for `cooldown` validations after that none is counted.
  ///
  /// `factor(after:)` is 1 for it: `PlateauProgress` holds the factor that the validations led to.
  case reduceOnPlateau(
    factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0, floor: Double = 0)

  /// Factor of the base rate in the update that comes after `updates` others.
  public func factor(after updates: Int) -> Double {
    let n = Double(updates)
    switch self {
    case .constant, .reduceOnPlateau: return 1
    case .step(let every, let factor): return pow(factor, Double(updates / every))
    case .exponential(let factor): return pow(factor, n)
    case .cosine(let steps, let floor): return Self.halfCosine(from: 1, to: floor, at: n / Double(steps))
    case .warmUp(let steps, let start, let next):
      return updates < steps ? start + (1 - start) * n / Double(steps) : next.factor(after: updates - steps)
    case .oneCycle(let steps, let rising, let startDivisor, let endDivisor):
      let (peak, end) = (rising * Double(steps) - 1, Double(steps) - 1)
      return n < peak
        ? Self.halfCosine(from: 1 / startDivisor, to: 1, at: n / peak)
        : Self.halfCosine(
          from: 1, to: 1 / (startDivisor * endDivisor), at: end > peak ? (n - peak) / (end - peak) : n - end)
    }
  }

  /// Half a cosine from one number at 0 to another at 1 and beyond.
  private static func halfCosine(from start: Double, to end: Double, at part: Double) -> Double {
    end + (start - end) * 0.5 * (1 + cos(.pi * min(1, max(0, part))))
  }

  /// Description of the first invalid number; nil if all are valid.
  public var problem: String? {
    func count(_ name: String, _ value: Int, atLeast least: Int = 1) -> String? {
      value >= least ? nil : "the schedule's \(name) is \(value); it must be at least \(least)"
    }
    func above0(_ name: String, _ value: Double) -> String? {
      value > 0 && value.isFinite ? nil : "the schedule's \(name) is \(value); it must be a number above 0"
    }
    func share(_ name: String, _ value: Double) -> String? {
      (0...1).contains(value) ? nil : "the schedule's \(name) is \(value); it must be from 0 to 1"
    }
    switch self {
    case .constant: return nil
    case .step(let every, let factor): return count("every", every) ?? above0("factor", factor)
    case .exponential(let factor): return above0("factor", factor)
    case .cosine(let steps, let floor): return count("steps", steps) ?? share("floor", floor)
    case .warmUp(let steps, let start, let next):
      return count("steps", steps) ?? above0("from", start) ?? share("from", start) ?? next.problem
    case .oneCycle(let steps, let rising, let startDivisor, let endDivisor):
      return count("steps", steps) ?? share("rising", rising) ?? above0("startDivisor", startDivisor)
        ?? above0("endDivisor", endDivisor)
    case .reduceOnPlateau(let factor, let patience, let threshold, let cooldown, let floor):
      return above0("factor", factor) ?? share("factor", factor) ?? count("patience", patience, atLeast: 0)
        ?? share("threshold", threshold) ?? count("cooldown", cooldown, atLeast: 0) ?? share("floor", floor)
    }
  }
}
