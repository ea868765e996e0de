import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn compare`: several runs side by side.
enum CompareCommand {
  static let runs = Argument<[String]>.many("RUN", help: "run directories, or how runs in runs/ begin")
  static let html = Option("html", .path("FILE"), help: "write a page for a browser with the curves and the table")

  static let command = Command(
    name: "compare", summary: "compare runs: options that differ, losses, a chart", arguments: [runs],
    groups: [OptionGroup("Options", [html, CommonOptions.json])], example: "charrnn compare runs/fables runs/fables-2",
    run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let runs = try arguments[runs].map { name in
      let path = CommonOptions.runPath(name)
      let directory = RunDirectory(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
      try ReportCommand.requireRun(directory)
      return try RunSummary(directory)
    }
    if RunSummary.haveSeveralCorpora(runs) { notice(RunSummary.corporaNote) }
    if let file = arguments[html] {
      try requireOutput(file, for: html, besides: runs.map(\.path), arguments)
      let page = ComparisonPage.page(of: runs).html
      try creating { try AtomicFile.write([Array(page.utf8)], to: file) }
      notice("wrote \(file)")
    }
    let text = arguments[CommonOptions.json] ? json(runs).line + "\n" : try report(runs)
    try OutputChannel.standardOutput.write(text)
    return .done
  }

  private static func report(_ runs: [RunSummary]) throws -> String {
    let width = Terminal.width(of: .standardOutput) ?? 80
    let table = table(of: runs, width: width)
    if !table.dropped.isEmpty { notice("no room for: \(table.dropped.joined(separator: ", ")); --json has all") }
    let inBits = RunSummary.areInBits(runs)
    let curves = runs.enumerated().map { index, run in
      TerminalChart.Curve(
        letter: letter(index), points: run.curve(inBits: inBits).points.map { (Double($0.step), $0.mean) })
    }
    let chart = TerminalChart(curves, width: min(width, 100), isASCII: !Terminal.isUTF8()).lines
    let title =
      chart.isEmpty ? [] : ["", "validation loss in \(inBits ? "bits per character" : "nats a token"), by step"]
    return (table.lines + title + chart).map { $0 + "\n" }.joined()
  }

  private static func letter(_ index: Int) -> Character {
    Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8(index % 26)))
  }

  private static func table(of runs: [RunSummary], width: Int) -> TextTable {
    func number(_ name: String, rank: Int, digits: Int, _ value: (RunSummary) -> Double?) -> TextTable.Column {
      .init(name, runs.map { value($0).map { Readable.fixed($0, digits: digits) } ?? "-" }, rank: rank, isNumber: true)
    }
    let letters = runs.indices.map { String(letter($0)) }
    let differences = RunSummary.differences(of: runs).map { name in
      TextTable.Column(name, runs.map { shown($0.option(name), of: name) }, rank: 5)
    }
    return TextTable(
      [
        .init("", letters, rank: nil), .init("run", runs.map { $0.path.printable(atMost: 40) }, rank: nil),
      ] + differences + [
        number("bits", rank: 8, digits: 4) { $0.metrics.best?.validationBits },
        number("nats", rank: 7, digits: 4) { $0.metrics.best?.validationLoss },
        number("step", rank: 6, digits: 0) { $0.metrics.best.map { Double($0.step) } },
        .init("time", runs.map { $0.seconds.map(Readable.time) ?? "-" }, rank: 4, isNumber: true),
        number("parameters", rank: 2, digits: 0) { $0.parameters.map(Double.init) },
        .init(
          "tokens/s", runs.map { $0.speed.map(Readable.count) ?? "-" }, rank: 1, isNumber: true),
      ], width: width)
  }

  /// A value in a cell; of paths the names.
  private static func shown(_ value: String, of option: String) -> String {
    guard option == "corpora", let paths = try? JSONDecoder().decode([String].self, from: Data(value.utf8)) else {
      return value.printable(atMost: 24)
    }
    return paths.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " ").printable(
      atMost: 24)
  }

  private static func json(_ runs: [RunSummary]) -> JSONText {
    let differences = RunSummary.differences(of: runs)
    return [
      "different_texts": .bool(RunSummary.haveSeveralCorpora(runs)),
      "runs": .array(
        runs.map { run in
          .object(
            [("path", .string(SystemText.hasEscape(run.path) ? run.path.printable() : run.path))]
              + [("options", .object(differences.map { ($0, .string(run.option($0))) }))]
              + ComparisonPage.columns.map { column in
                let value = column.value(run)
                return (column.key, column.isCount ? JSONText(value.map { Int($0) }) : JSONText(value))
              })
        }),
    ]
  }
}
