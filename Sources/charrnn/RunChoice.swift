import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The directory of a training run, and the checkpoint that it resumes from.
struct RunChoice {
  let directory: RunDirectory
  /// The `last` to resume; nil starts from the beginning.
  let checkpoint: Checkpoint?

  /// - Throws: a failure when `--out` holds a run and neither `--resume` nor `--overwrite` says what to do with it, or when
  ///   what is there cannot be read.
  init(_ arguments: ParsedArguments, corpora: [String]) throws {
    let resume = arguments[TrainOptions.resume]
    if resume && arguments[TrainOptions.overwrite] {
      throw arguments.usageFailure("--resume keeps the run and --overwrite replaces it; give one of them")
    }
    if resume && arguments.gives(TrainOptions.initFrom) {
      throw arguments.usageFailure("--resume takes the run's own weights; leave out --init-from")
    }
    if let out = arguments[TrainOptions.out] {
      directory = RunDirectory(out)
      checkpoint = try resume ? Self.last(of: directory) : nil
      if !resume && !arguments[TrainOptions.overwrite] { try Self.requireFree(directory) }
      if resume && checkpoint == nil { notice("\(out): no saved state yet; starting from the beginning") }
      return
    }
    let base = "runs/" + Self.name(of: corpora[0])
    if resume, let (directory, checkpoint) = try Self.newestRun(of: corpora) {
      (self.directory, self.checkpoint) = (directory, checkpoint)
      return
    }
    if resume { notice("no run of this corpus in runs/ yet; starting from the beginning") }
    directory = arguments[TrainOptions.overwrite] ? RunDirectory(base) : Self.free(base)
    checkpoint = nil
  }

  /// Seen again when the directory is claimed; here it spares reading the corpus first.
  private static func requireFree(_ directory: RunDirectory) throws {
    if directory.holdsRun { throw RunDirectoryTaken.holdsRun(path: directory.path) }
  }

  private static func last(of directory: RunDirectory) throws -> Checkpoint? {
    FileManager.default.fileExists(atPath: directory.last) ? try Checkpoint(contentsOf: directory.last) : nil
  }

  /// The corpus's file name without its extension.
  private static func name(of corpus: String) -> String {
    let name = URL(fileURLWithPath: corpus).deletingPathExtension().lastPathComponent
    return name.isEmpty || name == "/" ? "corpus" : name
  }

  /// `base`, or with the first number behind it that is not taken.
  private static func free(_ base: String) -> RunDirectory {
    var number = 1
    while true {
      let path = number == 1 ? base : "\(base)-\(number)"
      if !FileManager.default.fileExists(atPath: path) { return RunDirectory(path) }
      number += 1
    }
  }

  /// The run in `runs/` that was saved last, of those trained on these files in their present form.
  private static func newestRun(of corpora: [String]) throws -> (RunDirectory, Checkpoint)? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "runs")) ?? []
    let runs = names.map { RunDirectory("runs/" + $0) }.filter { FileManager.default.fileExists(atPath: $0.last) }
    let newestFirst = runs.map { (run: $0, saved: savedAt($0)) }
      .sorted { ($0.saved, $0.run.path) > ($1.saved, $1.run.path) }
    var hashes: [TokenKind: String] = [:]
    for (run, _) in newestFirst {
      guard let checkpoint = try? Checkpoint(contentsOf: run.last),
        let settings = try? CharacterRun.settings(of: checkpoint),
        let hash = try? CharacterRun.corpusHash(of: checkpoint)
      else {
        notice("\(run.last): cannot be read; looking for another run")
        continue
      }
      // A text that is no corpus in the run's kind of token is not what it was trained on.
      let known = hashes[settings.tokens] ?? (try? Corpus(files: corpora, kind: settings.tokens))?.contentHash ?? ""
      hashes[settings.tokens] = known
      if hash == known { return (run, checkpoint) }
    }
    if let changed = newestFirst.first(where: { (try? StoredOptions($0.run).corpora()) == corpora }) {
      throw CommandFailure(
        "\(changed.run.path): the corpus \(corpora.joined(separator: ", ")) has changed since this run began; resume with the "
          + "corpus it was trained on, or start a new run without --resume", code: .badData)
    }
    return nil
  }

  private static func savedAt(_ run: RunDirectory) -> Date {
    let attributes = try? FileManager.default.attributesOfItem(atPath: run.last)
    return attributes?[.modificationDate] as? Date ?? .distantPast
  }
}
