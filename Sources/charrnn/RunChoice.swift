import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The directory of a training run, and the checkpoint that it resumes from.
struct RunChoice {
  let directory: RunDirectory
  /// The `last` to resume; nil starts from the beginning.
  let checkpoint: Checkpoint?
  /// Reason that a run which was to be resumed begins; nil where there is nothing to say.
  let beginning: String?
  /// Path that the names of new runs are numbered from; nil where the directory was chosen.
  private let base: String?

  /// Whether the run may take another directory when this one is taken.
  var mayTakeAnother: Bool { base != nil }

  /// - Throws: a failure when `--out` holds a run and neither `--resume` nor `--overwrite` says what to do with it, when the
  ///   run that `--overwrite` alone would replace is of another text, or when what is there cannot be read.
  init(_ arguments: ParsedArguments, corpora: TextInput) throws {
    let resume = arguments[TrainOptions.resume]
    if resume && arguments[TrainOptions.overwrite] {
      throw arguments.usageFailure("--resume keeps the run and --overwrite replaces it; give one of them")
    }
    if let out = arguments[TrainOptions.out] {
      (directory, base) = (RunDirectory(out), nil)
      checkpoint = try resume ? Self.last(of: directory) : nil
      if !resume && !arguments[TrainOptions.overwrite] { try Self.requireFree(directory) }
      beginning = resume && checkpoint == nil ? "\(out): no saved state yet; starting from the beginning" : nil
    } else if resume, let (directory, checkpoint) = try Self.newestRun(of: corpora) {
      (self.directory, self.checkpoint, beginning, base) = (directory, checkpoint, nil, nil)
    } else {
      let first = "runs/" + Self.name(of: corpora.names[0])
      checkpoint = nil
      beginning = resume ? "no run of this corpus in runs/ yet; starting from the beginning" : nil
      if arguments[TrainOptions.overwrite] {
        (directory, base) = (RunDirectory(first), nil)
        try Self.requireRun(of: corpora, in: directory)
      } else {
        (directory, base) = (try Self.free(first), first)
      }
    }
    if checkpoint != nil && arguments.gives(TrainOptions.initFrom) {
      throw arguments.usageFailure("--resume takes the run's own weights; leave out --init-from")
    }
  }

  /// A directory that no run has yet, where this may choose one.
  func free() throws -> RunDirectory { try base.map(Self.free) ?? directory }

  /// Seen again when the directory is claimed; here it spares reading the corpus first.
  private static func requireFree(_ directory: RunDirectory) throws {
    if try !directory.models().isEmpty { throw RunDirectoryTaken.holdsRun(path: directory.path) }
  }

  /// Where the name of a text chooses the run to replace, it must be a run of that text: others have texts of the same name.
  private static func requireRun(of corpora: TextInput, in directory: RunDirectory) throws {
    guard try !directory.models().isEmpty, !isNamedAsCorpus(of: directory, corpora) else { return }
    try corpora.keepPipes()
    if let model = try? StoredModel(contentsOf: directory.path), let hash = model.history?.corpusHash,
      hash == (try? corpora.corpus(model.vocabulary.kind))?.contentHash
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
      guard let kept = try directory.keptStates().last else { throw error }
      throw CommandFailure(
        "\(message(for: error)); \(copying(kept.path, to: directory.last)) goes on from an earlier state",
        code: .badData)
    }
  }

  /// The corpus's file name without its extension, with _ for bytes that are not text.
  private static func name(of corpus: String) -> String {
    if corpus == TextInput.standardInput { return "stdin" }
    let text = String(String.UnicodeScalarView(corpus.unicodeScalars.map { SystemText.isEscape($0) ? "_" : $0 }))
    let name = URL(fileURLWithPath: text).deletingPathExtension().lastPathComponent
    return name.isEmpty || name == "/" ? "corpus" : name
  }

  /// `base`, or with the first number behind it that is not taken.
  private static func free(_ base: String) throws -> RunDirectory {
    var number = 1
    while true {
      let path = number == 1 ? base : "\(base)-\(number)"
      if try SystemFiles().statusIfAny(of: path) == nil { return RunDirectory(path) }
      number += 1
    }
  }

  /// The run in `runs/` that was saved last, of those trained on these files in their present form.
  private static func newestRun(of corpora: TextInput) throws -> (RunDirectory, Checkpoint)? {
    let names = (try? SystemFiles().names(in: "runs")) ?? []
    let runs = names.map { RunDirectory("runs/" + $0) }.filter { run in
      do { return try RunOwnership(of: run).owner(of: run.last) == .run } catch {
        if run.holdsRun { notice("\(message(for: error)); looking for another run") }
        return false
      }
    }
    let newestFirst = runs.map { (run: $0, saved: (try? SystemFiles().status(of: $0.last).modified) ?? 0) }
      .sorted { ($0.saved, $0.run.path) > ($1.saved, $1.run.path) }
    // Runs may differ in their kind of token, and a pipe can be read once.
    try corpora.keepPipes()
    for (run, _) in newestFirst {
      let (checkpoint, settings, hash): (Checkpoint, TrainingSettings, String)
      do {
        checkpoint = try state(of: run)
        settings = try CharacterRun.settings(of: checkpoint)
        hash = try CharacterRun.corpusHash(of: checkpoint)
      } catch {
        notice("\(message(for: error)); looking for another run")
        continue
      }
      // A text that is no corpus in the run's kind of token is not what it was trained on.
      if hash == (try? corpora.corpus(settings.tokens))?.contentHash { return (run, checkpoint) }
    }
    if let changed = newestFirst.map(\.run).first(where: { isNamedAsCorpus(of: $0, corpora) }) {
      throw CommandFailure(
        "\(changed.path): the corpus \(corpora.shownNames) has changed since this run began; resume with the "
          + "corpus it was trained on, or start a new run without --resume", code: .badData)
    }
    return nil
  }
}
