import ModelTraining
import SequenceText

extension TrainingSettings {
  /// Refuses settings that would do nothing on a corpus.
  ///
  /// - Parameter heldOut: how many tokens of the corpus are held out for validation.
  func requireEffect(heldOut: Int) throws(CharacterRunError) {
    if temporalRegularization > 0 && length == 1 { throw .settings(.noChangesToWeigh(temporalRegularization)) }
    guard heldOut < Self.leastHeldOut else { return }
    if schedule == .plateau { throw .noValidation(setting: "schedule \(schedule.rawValue)", tokens: heldOut) }
    if let patience { throw .noValidation(setting: "patience \(patience)", tokens: heldOut) }
  }

  /// Fewest tokens that a validation can be made on: one is read, and one predicted.
  public static let leastHeldOut = 2
}
