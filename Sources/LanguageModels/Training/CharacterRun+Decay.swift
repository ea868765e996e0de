import ModelTraining
import TensorCheckpoints

/// Reason that the end of a run was decided.
public enum EndReason: Sendable, Equatable {
  /// The steps or the time that were allowed are nearly used up.
  case limit
  /// The validation loss did not improve for as long as the patience allows.
  case patience
}

/// The decay of the learning rate with which a run of the schedule `wsd` ends: when it begins, and how such a run is extended.
extension CharacterRun {
  /// Steps of the decay that begins after a number of steps: a quarter of them, a fifth of all.
  package static func usualDecay(after steps: Int) -> Int { max(1, steps / 4) }

  /// Rest of a time limit.
  struct TimeLeft {
    let seconds: Double
    let secondsPerStep: Double
  }

  /// The decay that the end of the run asks for now, if its schedule has one.
  ///
  /// - Parameter time: nil without a limit, and before enough steps were measured.
  func decayToBegin(lastStep: Int?, time: TimeLeft?) -> (steps: Int, reason: EndReason)? {
    guard settings.schedule == .warmUpStableDecay, progress.decay == nil, progress.skippedInARow == 0 else {
      return nil
    }
    let usual = Self.usualDecay(after: step)
    if let lastStep, step + usual >= lastStep { return (lastStep - step, .limit) }
    if patienceSpent { return (usual, .patience) }
    // A little of the time is left for steps that take longer then.
    if let time, 1.05 * Double(usual) * time.secondsPerStep >= time.seconds {
      let fitting = Int(time.seconds / time.secondsPerStep)
      // Steps that stalled before leave a little less than the usual time: that little is granted, so that the run can be repeated.
      return (4 * fitting >= 3 * usual ? usual : max(1, fitting), .limit)
    }
    return nil
  }

  /// Seconds beyond a limit of time: a decay that has begun in time is not cut short for some steps that took longer, of which a
  /// busy machine has more in a short run.
  func lenience(of limit: Double) -> Double { progress.decay == nil ? 0 : max(10, limit / 4) }

  /// Whether a decay is to begin after a step, or is over then, if no step until it is skipped; it may begin for want of time before.
  func mayChangeDecay(after step: Int, lastStep: Int?) -> Bool {
    if let decay = progress.decay { return decay.isOver(after: progress.updates + step - self.step) }
    return settings.schedule == .warmUpStableDecay
      && lastStep.map { step + Self.usualDecay(after: step) >= $0 } ?? false
  }

  package var hasDecayed: Bool { progress.decay?.isOver(after: progress.updates) ?? false }

  /// Whether the run ends without a decay because patience is spent.
  var endsAtOnce: Bool { patienceSpent && settings.schedule != .warmUpStableDecay }

  /// Patience waits while steps are skipped: the run goes back first.
  private var patienceSpent: Bool {
    progress.validationsSinceBest >= settings.patience ?? .max && progress.skippedInARow == 0
  }

  /// Number of steps that gives the same run without a clock; nil where there is none: the decay is not over, is not of the usual
  /// length, or steps were skipped.
  package var stepsToRepeat: Int? {
    guard let decay = progress.decay, hasDecayed, progress.skipped == 0, progress.rollbacks == 0,
      decay.length == Self.usualDecay(after: decay.start)
    else { return nil }
    return step
  }

  /// Whether a run would train on from the state before its decay, where it is resumed with these limits and this patience: not
  /// where they let the same decay begin at once.
  ///
  /// - Parameter allowsMoreTime: whether the limit in seconds was given anew, to train on now.
  package static func extends(
    _ last: Checkpoint, from undecayed: Checkpoint, limits: TrainingLimits, allowsMoreTime: Bool, patience: Int?,
    stepsPerEpoch: Int
  ) throws(ModelFileError) -> Bool {
    let (end, before) = (try RunRecord(last).progress, try RunRecord(undecayed).progress)
    guard end.decay != nil, before.validationsSinceBest < patience ?? .max else { return false }
    if limits.seconds != nil && !allowsMoreTime { return false }
    return before.step + usualDecay(after: before.step) < limits.lastStep(stepsPerEpoch: stepsPerEpoch) ?? .max
  }

  /// Validations without improvement before the decay of a run, where they are as many as this patience allows: more limits do not
  /// let it train on, more patience does.
  package static func validationsWaited(before undecayed: Checkpoint, patience: Int?) throws(ModelFileError) -> Int? {
    let waited = try RunRecord(undecayed).progress.validationsSinceBest
    return waited >= patience ?? .max ? waited : nil
  }

  /// The decay of a run that a `last` holds, and whether it is over; nil before it has begun.
  package static func decay(of last: Checkpoint) throws(ModelFileError) -> (steps: Int, isOver: Bool)? {
    let progress = try RunRecord(last).progress
    guard let decay = progress.decay else { return nil }
    let left = decay.start + decay.length - progress.updates
    return (progress.step + max(0, left), left <= 0)
  }
}
