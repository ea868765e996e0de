import CharrnnCommandSupport
import SequenceModeling

let version = "0.1.0"

/// The message and exit code of an error of the library.
///
/// - Parameter command: name of the command whose help a wrong usage points to.
@Sendable
func commandFailure(for error: any Error, command: String?) -> CommandFailure {
  let message = message(for: error, command: command)
  switch error {
  case let error as CharacterRunError:
    switch error {
    case .corpus(let error): return commandFailure(for: error, command: command)
    case .settings, .otherTokens, .unsupportedPrecision, .precisionOnDevice, .tooLarge, .noHorizon, .noValidation,
      .tooManyRanks,
      .split:
      return CommandFailure.usage(message, command: command)
    case .corpusChanged, .filesChanged, .transfer, .modelFile, .checkpoint:
      return CommandFailure(message, code: .badData)
    }
  case let error as CorpusError:
    switch error.category {
    case .data: return CommandFailure(message, code: .badData)
    case .noInput: return CommandFailure(message, code: .noInput)
    case .inputOutput: return CommandFailure(message, code: .inputOutput)
    }
  case let error as FileError:
    switch error.kind {
    case .missing, .notAFile, .denied: return CommandFailure(message, code: .noInput)
    case .busy: return CommandFailure(message, code: .busy)
    case .inputOutput: return CommandFailure(message, code: .inputOutput)
    }
  case is UnsavedRun: return CommandFailure(message, code: .inputOutput)
  case is CorpusSplitError: return CommandFailure.usage(message, command: command)
  case RunDirectoryTaken.savedElsewhere, RunDirectoryTaken.movedAway: return CommandFailure(message, code: .busy)
  case is RunDirectoryTaken: return CommandFailure(message, code: .cannotCreate)
  case is DeviceError: return CommandFailure(message, code: .unavailable)
  case is TrainingDiverged: return CommandFailure(message, code: .diverged)
  default: return CommandFailure(message, code: .badData)
  }
}

/// Does something that creates output; a failure of the file system is answered as that.
func creating<Result>(_ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as FileError where error.kind != .busy {
    throw CommandFailure("\(error)", code: .cannotCreate)
  }
}

/// Writes a whole text of a model, and a line feed.
func writeSample(_ text: String) throws(OutputFailure) {
  var output = GeneratedText(.standardOutput)
  try output.write(text)
  try output.finish()
  try output.write("\n")
}

/// Tells the user something. Of the ranks of a job the first one does.
func notice(_ text: String) {
  guard Job.current?.isLeader ?? true else { return }
  let channel = OutputChannel.standardError
  try? channel.write(noticeLine(text, width: Terminal.width(of: channel)))
}

/// Refuses a path for output at which a file stands that the command reads, or one of a run that it reads.
///
/// - Parameter inputs: paths of texts, models and runs.
func requireOutput(
  _ path: String, for option: any OptionDeclaration, besides inputs: [String], _ arguments: ParsedArguments
) throws {
  let files = SystemFiles()
  func identity(_ path: String) -> FileStatus.Identity? { ((try? files.statusIfAny(of: path)) ?? nil)?.identity }
  guard let own = identity(path) else { return }
  let read = inputs.flatMap { input in
    let run = RunDirectory(input)
    return [input, run.best, run.last, run.undecayed, run.configuration, run.metrics, run.baselines, run.events]
  }
  if read.contains(where: { identity($0) == own }) {
    throw arguments.usageFailure("--\(option.name) \(shellWord(path)) is a file that is read; name another")
  }
}

/// Says how many symbols of a text were left out.
///
/// - Parameter name: what the text is; nil for the one that is evaluated.
func noticeSkipped(of corpus: Corpus, called name: String? = nil) {
  if corpus.skipped == 0 { return }
  let part = name.map { " of \($0)" } ?? ""
  notice("skipped \(counted(corpus.skipped, corpus.kind.rawValue))\(part) that the model has never seen")
}
