import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn report`: writes the page of a run anew.
enum ReportCommand {
  static let directory = Argument<String>.one("RUN", help: "a run directory, or how a run in runs/ begins")

  static let command = Command(
    name: "report", summary: "write a run's report.html anew", arguments: [directory],
    groups: [], example: "charrnn report runs/fables", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let run = RunDirectory(CommonOptions.runPath(arguments[directory]))
    try requireRun(run)
    let texts = (try? StoredOptions(run).corpora()).map { $0.map(shellWord).joined(separator: " ") }
    let resuming = texts.map { "charrnn train \($0) --resume --out \(shellWord(run.path))" }
    var report = RunReport(run, commands: RunPage.commands(for: run, resuming: resuming))
    try creating { try report.write() }
    notice("wrote \(run.report)")
    return .done
  }

  /// - Throws: `FileError` where there is no such directory, or one that holds no run.
  static func requireRun(_ run: RunDirectory) throws {
    guard try SystemFiles().statusIfAny(of: run.path) != nil else {
      throw FileError(path: run.path, action: "open", code: ENOENT)
    }
    guard run.holdsRun || run.holds(run.metrics) else {
      throw CommandFailure("\(run.path): holds no run", code: .noInput)
    }
  }
}
