import CharrnnCommandSupport
import SequenceModeling

let version = "0.1.0"

/// The message and exit code of an error of the library.
@Sendable
func commandFailure(for error: any Error) -> CommandFailure {
  switch error {
  case let error as CorpusError:
    switch error.category {
    case .data: CommandFailure("\(error)", code: .badData)
    case .noInput: CommandFailure("\(error)", code: .noInput)
    case .inputOutput: CommandFailure("\(error)", code: .inputOutput)
    }
  case let error as FileError:
    switch error.kind {
    case .missing, .notAFile, .denied: CommandFailure("\(error)", code: .noInput)
    case .busy: CommandFailure("\(error)", code: .busy)
    case .inputOutput: CommandFailure("\(error)", code: .inputOutput)
    }
  case is CorpusSplitError, is TrainingSettings.UnsupportedPrecision, is TrainingSettings.TooLarge,
    is TrainingSettings.UnusableSchedule, is TrainingSettings.Unusable:
    CommandFailure.usage("\(error)")
  case is RunDirectoryTaken: CommandFailure("\(error)", code: .cannotCreate)
  case is TrainingDiverged: CommandFailure("\(error)", code: .diverged)
  default: CommandFailure("\(error)", code: .badData)
  }
}

/// Does something that creates output; a failure of the file system is answered as that.
func creating<Result>(_ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as FileError where error.kind != .busy {
    throw CommandFailure("\(error)", code: .cannotCreate)
  }
}

func notice(_ text: String) { try? OutputChannel.standardError.write(noticeLine(text)) }
