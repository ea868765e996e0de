import CharrnnCommandSupport
import LanguageModels
import charrnn

/// Parses lines as the words of `charrnn train`. They are wrong usage, or describe settings that a run can have, each of
/// which is read again from how it is shown.
func readOptions(_ input: [UInt8]) {
  let words = input.split(separator: 10, omittingEmptySubsequences: false).prefix(100)
    .map { String(decoding: $0, as: UTF8.self) }
  do {
    let arguments = try ParsedArguments(words, of: TrainCommand.command)
    let settings = try TrainOptions.settings(arguments, resuming: nil)
    guard settings.problem == nil else { fatalError("settings of options have a problem: \(settings)") }
    _ = try TrainOptions.limits(arguments, resuming: nil).lastStep(stepsPerEpoch: 1 << 40)
  } catch let failure as CommandFailure {
    let line = errorLine(failure.message)
    guard failure.code == .usage, line.utf8.count(where: { $0 == 10 }) == 1 else {
      fatalError("no answer of one line: \(failure.code) \(line)")
    }
  } catch {
    fatalError("an error that is no failure of the command: \(error)")
  }
}
