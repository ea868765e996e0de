import TensorCore

/// State of a plateau schedule: the validation losses so far and the factor they led to.
public struct PlateauProgress: Sendable, Equatable, Codable {
  /// Factor of the learning rate.
  public private(set) var scale = 1.0
  /// The best loss, among those that were better by the threshold; nil before the first.
  public private(set) var best: Double?
  /// Validations since then, and how many more are not to be counted.
  public private(set) var validationsSinceBest = 0
  public private(set) var cooldown = 0

  public init() {}

  /// Description of invalid numbers in a file; nil if a run can resume from them.
  var problem: String? {
    let counts = 0...OutsideNumbers.largestCount
    let isWhole =
      (0...1).contains(scale) && counts.contains(validationsSinceBest) && counts.contains(cooldown)
    return isWhole ? nil : "the progress of its schedule is \(self)"
  }
}

extension LearningRateSchedule {
  /// Whether it waits for the validation loss to stop falling.
  var waitsForPlateaus: Bool {
    switch self {
    case .reduceOnPlateau: true
    case .warmUp(_, _, let next): next.waitsForPlateaus
    case .constant, .step, .exponential, .cosine, .oneCycle: false
    }
  }

  /// The progress after a scheduled validation; nil for a schedule that does not depend on losses.
  public func plateau(_ progress: PlateauProgress?, after loss: Double) -> PlateauProgress? {
    switch self {
    case .warmUp(_, _, let next): return next.plateau(progress, after: loss)
    case .reduceOnPlateau(let factor, let patience, let threshold, let cooldown, let floor):
      var progress = progress ?? PlateauProgress()
      progress.add(loss, threshold: threshold)
      if progress.isSpent(patience) { progress.reduce(by: factor, floor: floor, cooldown: cooldown) }
      return progress
    case .constant, .step, .exponential, .cosine, .oneCycle: return nil
    }
  }
}

extension PlateauProgress {
  fileprivate mutating func add(_ loss: Double, threshold: Double) {
    if loss < (best ?? .infinity) * (1 - threshold) {
      best = loss
      validationsSinceBest = 0
    } else {
      validationsSinceBest += 1
    }
    if cooldown > 0 {
      cooldown -= 1
      validationsSinceBest = 0
    }
  }

  fileprivate func isSpent(_ patience: Int) -> Bool { validationsSinceBest > patience }

  fileprivate mutating func reduce(by factor: Double, floor: Double, cooldown: Int) {
    scale = max(scale * factor, floor)
    self.cooldown = cooldown
    validationsSinceBest = 0
  }
}
