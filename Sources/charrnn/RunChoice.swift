import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The directory of a training run, and the checkpoint that it resumes from.
struct RunChoice {
  let directory: RunDirectory
  /// The `last` to resume; nil starts from the beginning.
  let checkpoint: Checkpoint?
  /// Path that the names of new runs are numbered from; nil where the directory was chosen.
  private let base: String?

  /// Whether the run may take another directory when this one is taken.
  var mayTakeAnother: Bool { base != nil }

  /// - Throws: a failure when `--out` holds a run and neither `--resume` nor `--overwrite` says what to do with it, or when
  ///   what is there cannot be read.
  init(_ arguments: ParsedArguments, corpora: TextInput) throws {
    let resume = arguments[TrainOptions.resume]
    if resume && arguments[TrainOptions.overwrite] {
      throw arguments.usageFailure("--resume keeps the run and --overwrite replaces it; give one of them")
    }
    if let out = arguments[TrainOptions.out] {
      directory = RunDirectory(out)
      base = nil
      checkpoint = try resume ? Self.last(of: directory) : nil
      if !resume && !arguments[TrainOptions.overwrite] { try Self.requireFree(directory) }
      if resume && checkpoint == nil { notice("\(out): no saved state yet; starting from the beginning") }
      try requireOwnWeights(arguments)
      return
    }
    let first = "runs/" + Self.name(of: corpora.names[0])
    if resume, let (directory, checkpoint) = try Self.newestRun(of: corpora) {
      (self.directory, self.checkpoint, base) = (directory, checkpoint, nil)
      try requireOwnWeights(arguments)
      return
    }
    if resume { notice("no run of this corpus in runs/ yet; starting from the beginning") }
    checkpoint = nil
    if arguments[TrainOptions.overwrite] {
      (directory, base) = (RunDirectory(first), nil)
    } else {
      (directory, base) = (try Self.free(first), first)
    }
  }

  private func requireOwnWeights(_ arguments: ParsedArguments) throws {
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

  private static func last(of directory: RunDirectory) throws -> Checkpoint? {
    switch try RunOwnership(of: directory).owner(of: directory.last) {
    case .run: try Checkpoint(contentsOf: directory.last)
    case .strange: throw RunDirectoryTaken.otherRun(path: directory.last)
    case .replaced, nil: nil
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
      guard let checkpoint = try? Checkpoint(contentsOf: run.last),
        let settings = try? CharacterRun.settings(of: checkpoint),
        let hash = try? CharacterRun.corpusHash(of: checkpoint)
      else {
        notice("\(run.last): cannot be read; looking for another run")
        continue
      }
      // A text that is no corpus in the run's kind of token is not what it was trained on.
      if hash == (try? corpora.corpus(settings.tokens))?.contentHash { return (run, checkpoint) }
    }
    let isChanged = { (run: RunDirectory) in
      !corpora.readsPipe && (try? StoredOptions(run).corpora()) == corpora.names
    }
    if let changed = newestFirst.map(\.run).first(where: isChanged) {
      throw CommandFailure(
        "\(changed.path): the corpus \(corpora.shownNames) has changed since this run began; resume with the "
          + "corpus it was trained on, or start a new run without --resume", code: .badData)
    }
    return nil
  }
}
