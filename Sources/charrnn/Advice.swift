import CharrnnCommandSupport
import SequenceModeling

/// The message of an error of the library: what is wrong, in its words, and which option helps.
///
/// - Parameter command: name of the command; nil where no option is named that only one has.
func message(for error: any Error, command: String? = nil) -> String {
  switch error {
  case CharacterRunError.transfer(let error): "--init-from: \(transferMessage(error))"
  case CharacterRunError.corpus(let error): message(for: error, command: command)
  case let error as FileError where error.kind == .busy && command == TrainCommand.command.name:
    "\(error); wait until it ends, or choose another --out"
  case let error as SafetensorsError where command == TrainCommand.command.name && isBest(error.file):
    "\(error)\(advice(on: error)); without it the next model that is validated takes its place"
  default: "\(error)\(advice(on: error))"
  }
}

/// Advice that follows the error's own words.
private func advice(on error: any Error) -> String {
  switch error {
  case CharacterRunError.checkpoint(let error) where error.isOfSeal: sealAdvice
  case let error as CharacterRunError: advice(on: error)
  case let error as CorpusError: advice(on: error)
  case let error as SafetensorsError where error.isOfSeal: sealAdvice
  case TokenizationError.unknownSymbols: "; --unknown skip leaves them out"
  case let error as FileError where error.kind == .busy: "; wait until it ends"
  case let error as FileError where error.kind == .missing: missingAdvice(on: error.path, meant: .model)
  case let error as SafetensorsError where error.isOfText:
    "; a model is what training makes of a text: charrnn train \(shellWord(error.file))"
  case let error as ModelFileError where error.problem == .noMetadata(name: "architecture"):
    "; charrnn import reads models of other packages"
  case let error as SafetensorsError where error.isOfOtherPackage:
    "; charrnn import reads models of other packages"
  case let error as PackageFileError: advice(on: error)
  case let error as TorchFileError: advice(on: error)
  case AdaptationError.noTrainingText: "; name its run directory, with the text where config.json says"
  case RunDirectoryTaken.holdsRun:
    "; give --resume to go on with it, --overwrite to replace it, or another --out"
  case RunDirectoryTaken.foreignFile: "; choose another --out"
  case RunDirectoryTaken.otherRun:
    "; put back the run's own file, give --overwrite instead of --resume, or choose another --out"
  case RunDirectoryTaken.otherBeginning(let path) where !holdsConfiguration(path):
    "; where it is an import, --init-from \(shellWord(path)) trains its model further in another --out"
  case RunDirectoryTaken.otherBeginning:
    "; repeat the options that it began with, give --overwrite instead of --resume, or choose another --out"
  case RunDirectoryTaken.lostLast(let path, let kept):
    "; \(copying(kept, to: path + "/last.safetensors")) goes on from that, --overwrite instead of --resume begins anew"
  case RunDirectoryTaken.movedAway: "; start it again with another --out"
  case RunDirectoryTaken.savedElsewhere: "; start the command again"
  case let error as RunConfigurationError:
    error.problem == .noObject
      ? "; mend it, or remove it and say again how long to train" : "; mend it, or take it out and give the option"
  default: ""
  }
}

private func advice(on error: PackageFileError) -> String {
  switch error.problem {
  case .exchange(.severalConventions): "; give --convention"
  case .exchange(.ambiguousCell(_, let cells)): "; give --cell \(cells.map(\.rawValue).joined(separator: "|"))"
  case .exchange, .model, .unknownFormat, .unknownArchive, .noKeys: ""
  }
}

private func advice(on error: TorchFileError) -> String {
  if case .severalStateDicts = error.problem { "; give --key" } else { "" }
}

/// Whether a file is the best model of a run by its name.
private func isBest(_ file: String) -> Bool {
  file.hasSuffix("/best.safetensors")
}

private func holdsConfiguration(_ path: String) -> Bool {
  let directory = RunDirectory(path)
  return directory.holds(directory.configuration)
}

private func missingAdvice(on path: String, meant kind: NamedFile) -> String {
  let isThere = ((try? SystemFiles().statusIfAny(of: path)) ?? nil) != nil
  return isThere ? runsAdvice(in: path) : pathAdvice(on: path, meant: kind)
}

/// The runs in a folder that was given for one of them.
private func runsAdvice(in folder: String) -> String {
  let start = folder.hasSuffix("/") ? folder : folder + "/"
  let paths = ((try? SystemFiles().names(in: folder)) ?? []).sorted().map { start + $0 }
  let runs = paths.filter { RunDirectory($0).holdsRun }
  if runs.isEmpty { return "" }
  return "; name one of the runs in it: " + runs.prefix(5).map(shellWord).joined(separator: ", ")
    + (runs.count > 5 ? ", …" : "")
}

/// The command that copies a file.
func copying(_ file: String, to other: String) -> String { "cp \(shellWord(file)) \(shellWord(other))" }

private let sealAdvice = "; if it was meant to change, charrnn verify --reseal FILE renews them"

extension SafetensorsError {
  /// Whether the format version and the checksum are at fault, and nothing else was found.
  fileprivate var isOfSeal: Bool {
    switch problem {
    case .checksumMismatch, .versionWithoutChecksum, .checksumWithoutVersion, .malformedChecksum: true
    default: false
    }
  }
}

private func advice(on error: CharacterRunError) -> String {
  switch error {
  case .unsupportedPrecision(_, _, isResumed: false), .precisionOnDevice(_, _, isResumed: false):
    "; use --precision float32"
  case .precisionOnDevice(_, _, isResumed: true): "; resume it without --device"
  case .unsupportedPrecision(_, _, isResumed: true):
    "; resume it where there is one, or begin another run with --precision float32 and --init-from this one"
  case .tooLarge:
    "; choose a smaller --hidden, --layers, --embedding, --batch, --length or --backward-length, or more --memory where it is given "
      + "(the program and its text take \(byteSize(MemoryLimit.resident, rounded: .up)) of it)"
  case .noHorizon: ", which --time alone does not give; give --epochs or --steps as well"
  case .tooManyRanks: "; choose a larger --batch, or start fewer"
  case .noValidation: "; choose a larger --validation-fraction"
  case .corpusChanged, .filesChanged:
    "; resume with the corpus it was trained on, or give another --out instead of --resume"
  case .settings, .otherTokens, .corpus, .split, .transfer, .modelFile, .checkpoint: ""
  }
}

private func advice(on error: CorpusError) -> String {
  switch error {
  case .invalidUTF8(let file, let offset):
    "\(encodingAdvice(on: file, invalidAt: offset)); --tokens byte reads any file"
  case .vocabularyTooLarge, .symbolsTooLong: "; --tokens byte reads any text"
  case .tooManyWords: ": --tokens byte"
  case .unknownSymbols: "; --unknown skip leaves them out"
  case .tooSmall(let numbers):
    numbers.suggestion.map { "; --batch \($0.batch) --length \($0.length) would work" } ?? ""
  case .nothingToPredict(.all, _): ""
  case .nothingToPredict(let part, _): "; --split \(others(than: part)) takes another part"
  case .undivided: ": --split-by end|blocks|files|lines"
  case .unreadable(let error) where error.kind == .missing: missingAdvice(on: error.path, meant: .text)
  case .unreadable(let error): advice(on: error)
  case .empty, .oneDocument, .mixedLineEnds: ""
  }
}

private func others(than part: CorpusSplit.Part) -> String {
  CorpusSplit.Part.allCases.filter { $0 != part }.map(\.rawValue).joined(separator: "|")
}

private func transferMessage(_ error: WeightTransferError) -> String {
  switch error {
  case .otherTokens(let kind): return "its tokens are \(kind.rawValue)s; train with --tokens \(kind.rawValue)"
  case .otherArchitecture(let differences):
    let theirs = differences.map { difference in
      difference.theirs == .flag(true)
        ? "--\(difference.name)"
        : difference.theirs == .flag(false) ? "no --\(difference.name)" : "--\(difference.name) \(difference.theirs)"
    }
    return "its model has \(theirs.joined(separator: " and ")); train with the same"
  }
}
