import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Format in which weights are held: the one that `--weights` names, or for `auto` the one that a trial finds, which is said.
///
/// - Parameter model: path of the file.
func weightFormat(_ arguments: ParsedArguments, for file: ModelFile<Float>, at model: String) throws -> WeightFormat {
  if case .format(let format) = arguments[SampleCommand.weights] { return format }
  do {
    let trial = try WeightTrial(
      of: file.model, vocabulary: file.vocabulary, arrangement: file.arrangement,
      threads: CommonOptions.threadCount(arguments))
    say(trial)
    return trial.format
  } catch let error as GenerationError {
    throw CommandFailure("\(model): \(error)", code: .badData)
  }
}

/// Says which format a trial has found, and why.
func say(_ trial: WeightTrial) {
  let percent = Readable.fixed(100 * abs(trial.change), digits: 2)
  let change = "\(percent)% \(trial.change < 0 ? "fewer" : "more") bits a token"
  let found =
    trial.format == trial.tried
    ? "\(trial.format.rawValue), \(change)" : "\(trial.format.rawValue); \(trial.tried.rawValue) takes \(change)"
  notice("--weights auto: \(found) on \(counted(trial.tokens, "token")) that the model wrote")
}
