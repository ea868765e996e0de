import ModelTraining
import SequenceText

extension TrainingSettings {
  /// Refuses settings that would do nothing on a corpus.
  ///
  /// - Parameter heldOut: how many tokens of the corpus are held out for validation.
  func requireEffect(heldOut: Int) throws(CharacterRunError) {
    if temporalRegularization > 0 && length == 1 { throw .settings(.noChangesToWeigh(temporalRegularization)) }
    if schedule == .plateau && heldOut < Self.leastHeldOut {
      throw .noValidation(setting: "schedule \(schedule.rawValue)", tokens: heldOut)
    }
    try requirePatienceEffect(heldOut: heldOut)
  }

  /// Refuses patience that nothing is held out for.
  func requirePatienceEffect(heldOut: Int) throws(CharacterRunError) {
    if let patience, heldOut < Self.leastHeldOut {
      throw .noValidation(setting: "patience \(patience)", tokens: heldOut)
    }
  }

  /// Fewest tokens that a validation can be made on: one is read, and one predicted.
  public static let leastHeldOut = 2
}
