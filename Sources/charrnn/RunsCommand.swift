import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn runs`: lists the runs in a folder.
enum RunsCommand {
  static let folder = Option("in", .path("DIR"), default: "runs", help: "folder of the runs")

  static let command = Command(
    name: "runs", summary: "list the runs there are", arguments: [],
    groups: [OptionGroup("Options", [folder, CommonOptions.json])], example: "charrnn runs --in runs", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let runs = try listedRuns(arguments)
    if arguments[CommonOptions.json] {
      let report: JSONText = ["runs": .array(runs.map(\.json))]
      try OutputChannel.standardOutput.write(report.line + "\n")
    } else {
      if runs.isEmpty { notice("\(arguments[folder]) holds no run yet; charrnn train CORPUS starts one") }
      try OutputChannel.standardOutput.write(table(runs))
    }
    return .done
  }

  /// The runs in the folder, by name. The default folder holds none until a first run makes it.
  private static func listedRuns(_ arguments: ParsedArguments) throws -> [ListedRun] {
    let given = arguments[folder]
    let path = given.count > 1 && given.hasSuffix("/") ? String(given.dropLast()) : given
    let isThere = (try? SystemFiles().status(of: path)) != nil || leadsNowhere(path)
    guard isThere || arguments.gives(folder) else { return [] }
    guard let names = try? SystemFiles().names(in: path) else {
      throw CommandFailure("\(path): is no folder that can be read; give one that holds runs", code: .noInput)
    }
    let paths = names.sorted().map { "\(path)/\($0)" }
    let lost = paths.filter(leadsNowhere)
    if !lost.isEmpty { notice("links that lead nowhere: \(lost.joined(separator: ", "))") }
    return paths.filter { !lost.contains($0) }.map { RunDirectory($0) }.filter(\.holdsRun).map(ListedRun.init)
  }

  /// Whether there is a symbolic link at a path, and nothing where it leads.
  private static func leadsNowhere(_ path: String) -> Bool {
    guard let isLink = try? SystemFiles().isLink(path), isLink else { return false }
    do throws(SystemError) { _ = try SystemFiles().status(of: path) } catch {
      return [ENOENT, ENOTDIR, ELOOP].contains(error.code)
    }
    return false
  }

  private static func table(_ runs: [ListedRun]) -> String {
    let rows = runs.map { run in
      switch run.model {
      case .success(let model):
        [run.path.printable(), model.shape.architecture.summary, steps(run.steps), loss(model)]
      case .failure: [run.path.printable(), "cannot be read; charrnn inspect says why"]
      }
    }
    let widths = (0..<4).map { column in rows.filter { $0.count == 4 }.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let padded = zip(row, widths).map { $0 + String(repeating: " ", count: max($1 - $0.count, 0)) }
      return padded.joined(separator: "  ").replacing(/\ +$/, with: "") + "\n"
    }.joined()
  }

  private static func steps(_ steps: Result<Int?, any Error>) -> String {
    switch steps {
    case .success(let steps): steps.map { counted($0, "step") } ?? "-"
    case .failure: "last cannot be read"
    }
  }

  /// A state knows the lowest loss so far, a best model its own.
  private static func loss(_ model: StoredModel) -> String {
    guard let history = model.history, let loss = history.validationLoss else { return "no validation loss" }
    let isState = model.checkpoint.file.hasSuffix("/last.safetensors")
    return "validation loss \(Readable.fixed(loss, digits: 4)) nats a \(model.vocabulary.kind.rawValue)"
      + (isState ? ", of a best model that is not there" : " at step \(history.step)")
  }
}

/// A run directory and the model that `sample` would use of it.
private struct ListedRun {
  let path: String
  let model: Result<StoredModel, any Error>
  /// Steps that the run has done, by its `last`, or else its `best`; nil where they do not tell.
  let steps: Result<Int?, any Error>

  init(_ directory: RunDirectory) {
    path = directory.path
    let model = Result { try StoredModel(contentsOf: directory.path) }
    self.model = model
    steps = Result { try RunOwnership(of: directory).stepsDone() ?? model.get().history?.step }
  }

  /// The path in JSON, which is text: bytes that are not read `\\xE9`.
  private var shownPath: String { SystemText.hasEscape(path) ? path.printable() : path }

  var json: JSONText {
    switch model {
    case .success(let model):
      let members: Members =
        [("path", .string(shownPath))] + model.shape.architecture.members + [
          ("parameters", .integer(model.parameterCount)), ("steps", JSONText((try? steps.get()) ?? nil)),
          ("step", JSONText(model.history?.step)),
          ("validation_loss", JSONText(model.history?.validationLoss)),
        ]
      return .object(members)
    case .failure(let error): return ["path": .string(shownPath), "error": .string("\(error)")]
    }
  }
}
