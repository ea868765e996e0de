import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The directory of a training run, and the checkpoint that it resumes from.
struct RunChoice {
  let directory: RunDirectory
  /// The `last` to resume; nil starts from the beginning.
  let checkpoint: Checkpoint?
  /// Reason that a run which was to be resumed must begin; nil where there is none.
  let beginning: String?
  /// Path that the names of new runs are numbered from; nil where the directory was chosen.
  private let base: String?

  /// Whether the run may take another directory when this one is taken.
  var mayTakeAnother: Bool { base != nil }

  /// Path of another run of this name, because of which this one has a number; nil where there is none.
  var numberedAfter: String? { base.flatMap { $0 == directory.path ? nil : $0 } }

  /// - Throws: a failure when `--out` holds a run and neither `--resume` nor `--overwrite` says what to do with it, when the
  ///   run that `--overwrite` alone would replace is of another text, or when what is there cannot be read.
  init(_ arguments: ParsedArguments, corpora: TextInput) throws {
    let resume = arguments[TrainOptions.resume]
    if resume && arguments[TrainOptions.overwrite] {
      throw arguments.usageFailure("--resume keeps the run and --overwrite replaces it; give one of them")
    }
    let name = "runs/" + corpora.runName
    if let out = arguments[TrainOptions.out] {
      (directory, base) = (RunDirectory(out), nil)
      checkpoint = try resume ? Self.last(of: directory) : nil
      if !resume && !arguments[TrainOptions.overwrite] { try Self.requireFree(directory) }
      beginning = resume && checkpoint == nil ? Self.nothingSaved(in: directory) : nil
      if resume { try Self.requireNoMisspelling(out) }
    } else if resume, let (directory, checkpoint) = try Self.newestRun(of: corpora) {
      (self.directory, self.checkpoint, beginning, base) = (directory, checkpoint, nil, nil)
    } else if resume, let begun = Self.newestBegun(of: corpora) {
      (directory, checkpoint, beginning, base) = (begun, nil, Self.nothingSaved(in: begun), nil)
    } else if arguments[TrainOptions.overwrite] {
      (directory, checkpoint, beginning, base) = (RunDirectory(name), nil, nil, nil)
      try Self.requireRun(of: corpora, in: directory)
    } else {
      (directory, checkpoint, base) = (try Self.free(name), nil, name)
      beginning = resume ? "there is no run of this corpus in runs/" : nil
    }
    if checkpoint != nil && arguments.givesOnCommandLine(TrainOptions.initFrom) {
      throw arguments.usageFailure("--resume takes the run's own weights; leave out --init-from")
    }
  }

  /// Refuses to begin a run in a directory that is not there where another, whose name differs in a letter or two, holds one. Names that
  /// differ in numbers alone are those of a series.
  private static func requireNoMisspelling(_ out: String) throws {
    guard try SystemFiles().statusIfAny(of: out) == nil, let near = nearestPath(to: out, meant: .model),
      near.filter({ !$0.isNumber }) != out.filter({ !$0.isNumber })
    else { return }
    throw CommandFailure(
      "\(out): there is no run to resume; did you mean \(shellWord(near))? Leave out --resume to begin a new one here",
      code: .noInput)
  }

  private static func nothingSaved(in directory: RunDirectory) -> String {
    "\(directory.path): there is no saved state to go on from"
  }

  /// A directory that no run has yet, where this may choose one.
  func free() throws -> RunDirectory { try base.map(Self.free) ?? directory }

  /// Seen again when the directory is claimed; here it spares reading the corpus first.
  private static func requireFree(_ directory: RunDirectory) throws {
    if try !directory.models().isEmpty { throw RunDirectoryTaken.holdsRun(path: directory.path) }
  }

  /// Where the name of a text chooses the run to replace, it must be one that was begun with the same path or the same text:
  /// others have texts of the same name.
  private static func requireRun(of corpora: TextInput, in directory: RunDirectory) throws {
    guard try !directory.models().isEmpty else { return }
    try corpora.keepPipes()
    if isNamedAsCorpus(of: directory, corpora) { return }
    if let model = try? StoredModel(contentsOf: directory.path), let hash = model.history?.corpusHash,
      hash == (try? corpora.contentHash(model.vocabulary.kind))
    {
      return
    }
    let others = (try? StoredOptions(directory).corpora()).map { " (\($0.joined(separator: ", ")))" } ?? ""
    throw CommandFailure(
      "\(directory.path): holds a run of another text\(others); give --out with the directory of the run to replace, "
        + "or leave out --overwrite", code: .cannotCreate)
  }

  /// Whether a run was begun with a corpus of these names. That of a pipe says nothing.
  private static func isNamedAsCorpus(of run: RunDirectory, _ corpora: TextInput) -> Bool {
    !corpora.readsPipe && (try? StoredOptions(run).corpora()) == corpora.names
  }

  /// The state to resume; nil where the run has none.
  private static func last(of directory: RunDirectory) throws -> Checkpoint? {
    switch try RunOwnership(of: directory).owner(of: directory.last) {
    case .run: try state(of: directory)
    case .strange: throw RunDirectoryTaken.otherRun(path: directory.last)
    case .replaced, nil: nil
    }
  }

  /// - Throws: for a damaged state with the kept one that can take its place.
  private static func state(of directory: RunDirectory) throws -> Checkpoint {
    do { return try Checkpoint(contentsOf: directory.last) } catch let error as SafetensorsError {
      guard let kept = try RunOwnership(of: directory).latestKeptState() else { throw error }
      throw CommandFailure(
        "\(message(for: error)); \(copying(kept, to: directory.last)) goes on from an earlier state",
        code: .badData)
    }
  }

  /// `base`, or with the first number behind it that is not taken.
  static func free(_ base: String) throws -> RunDirectory {
    var number = 1
    while true {
      let path = number == 1 ? base : "\(base)-\(number)"
      if try SystemFiles().statusIfAny(of: path) == nil { return RunDirectory(path) }
      number += 1
    }
  }

  /// The run in `runs/` that was saved last, of those trained on these files in their present form.
  ///
  /// - Throws: where the only runs of these files were trained on another text, or have a state that is damaged.
  private static func newestRun(of corpora: TextInput) throws -> (RunDirectory, Checkpoint)? {
    let runs = newestFirst(\.last) { run in
      do { return try RunOwnership(of: run).owner(of: run.last) == .run } catch {
        if run.holdsRun { notice("\(message(for: error)); looking for another run") }
        return false
      }
    }
    // Runs may differ in their kind of token, and a pipe can be read once.
    try corpora.keepPipes()
    var failure: (any Error)?
    for run in runs {
      do {
        let checkpoint = try state(of: run)
        let (tokens, hash) = (
          try CharacterRun.settings(of: checkpoint).tokens, try CharacterRun.corpusHash(of: checkpoint)
        )
        // A text that is no corpus in the run's kind of token is not what it was trained on.
        if hash == (try? corpora.contentHash(tokens)) { return (run, checkpoint) }
        if isNamedAsCorpus(of: run, corpora) {
          failure =
            failure
            ?? CommandFailure(
              "\(run.path): the corpus \(corpora.shownNames) has changed since this run began; resume with the "
                + "corpus it was trained on, or start a new run without --resume", code: .badData)
        }
      } catch {
        notice("\(message(for: error)); looking for another run")
        if isNamedAsCorpus(of: run, corpora) { failure = failure ?? error }
      }
    }
    if let failure { throw failure }
    return nil
  }

  /// The run in `runs/` that was begun last with these files and was stopped before its first state was saved.
  private static func newestBegun(of corpora: TextInput) -> RunDirectory? {
    newestFirst(\.configuration) { run in
      guard let ownership = try? RunOwnership(of: run), isNamedAsCorpus(of: run, corpora) else { return false }
      return ownership.isNamed && (try? ownership.owner(of: run.last)) != .run
    }.first
  }

  /// Runs in `runs/`, by the time at which one of their files was written.
  private static func newestFirst(_ file: (RunDirectory) -> String, where isMeant: (RunDirectory) -> Bool)
    -> [RunDirectory]
  {
    let names = (try? SystemFiles().names(in: "runs")) ?? []
    return names.map { RunDirectory("runs/" + $0) }.filter(isMeant)
      .map { (run: $0, written: (try? SystemFiles().status(of: file($0)).modified) ?? 0) }
      .sorted { ($0.written, $0.run.path) > ($1.written, $1.run.path) }.map(\.run)
  }
}
