import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn neurons`: units of a model that follow something in a text.
enum NeuronsCommand {
  static let feature = Option(
    "by", .choice(TextFeature.named.map(\.name)), defaultNote: "the best unit for each",
    help: "rank units by how they follow this feature of the text")
  static let matching = Option(
    "matching", .nonEmptyText("REGEX"), help: "rank units by how they tell what matches this regular expression")
  static let unit = Option("unit", .nonEmptyText("UNIT"), help: "what this unit follows, such as l0.cell.37")
  static let count = Option("count", .integer(atLeast: 1), default: 10, help: "units to list for a feature")
  static let limit = Option("limit", .count(atLeast: 2), default: 100_000, help: "tokens to read at most")
  static let html = Option(
    "html", .path("FILE"), help: "write a page for a browser: the text in the colours of the units' activations")

  static let command = Command(
    name: "neurons", summary: "find units of a model that follow something in a text",
    arguments: [CommonOptions.model, ScoreCommand.texts],
    groups: [
      OptionGroup("What to look for", [feature, matching, unit]),
      OptionGroup("Options", [count, limit, html, CommonOptions.json, CommonOptions.unknown, CommonOptions.threads]),
    ],
    example: "charrnn neurons runs/fables corpora/fables.txt --by line-position", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let features = try features(arguments)
    let model = CommonOptions.modelPath(arguments)
    let input = try TextInput(arguments[ScoreCommand.texts], of: arguments)
    if let path = arguments[html] { try requireOutput(path, for: html, besides: input.names + [model], arguments) }
    let file = try ModelFile<Float>(contentsOf: model)
    let unit = try arguments[unit].map { try self.unit($0, of: file, arguments) }
    let corpus = try input.corpus(file.vocabulary, unknown: arguments[CommonOptions.unknown])
    noticeSkipped(of: corpus)
    let ranking: UnitRanking
    do {
      ranking = try UnitRanking(
        of: file, on: corpus, by: features, atMost: arguments[limit], threads: CommonOptions.threadCount(arguments))
    } catch let error as TextFeatureError {
      throw arguments.usageFailure("--matching: \(error)")
    }
    if corpus.tokens.count > ranking.tokens {
      notice("read the first \(ranking.tokens) of \(corpus.tokens.count) tokens; --limit reads more")
    }
    let table = NeuronTable(ranking, count: listed(arguments), unit: unit)
    for name in table.missing { notice("nothing to rank by \(name): it never changes in the first half of the text") }
    if features.count == 1, let best = table.rows.map({ abs($0.entry.heldOut ?? 0) }).max(), best < weak {
      notice("none of these units follows \(features[0].name): the second half of the text does not bear it out")
    }
    if let path = arguments[html] {
      let page = NeuronsPage(ranking, rows: table.rows, title: "\(model) reading \(input.shownNames)")
      try creating { try AtomicFile.write([Array(page.page.html.utf8)], to: path) }
      notice("wrote \(path)")
    }
    if table.rows.isEmpty && !arguments[CommonOptions.json] { return .done }
    try OutputChannel.standardOutput.write(
      arguments[CommonOptions.json] ? json(table, ranking).line + "\n" : text(table))
    return .done
  }

  /// Correlation on the second half of the text below which a unit follows nothing.
  private static let weak = 0.1

  private static func features(_ arguments: ParsedArguments) throws -> [TextFeature] {
    if arguments.gives(feature) && arguments.gives(matching) {
      throw arguments.usageFailure("--by and --matching both say what to look for; give one of them")
    }
    if let expression = arguments[matching] { return [.matches(expression)] }
    return TextFeature.named.filter { arguments[feature] == nil || $0.name == arguments[feature] }
  }

  /// Number of units to list for each feature: without one that was chosen, the best.
  private static func listed(_ arguments: ParsedArguments) -> Int {
    arguments.gives(feature) || arguments.gives(matching) || arguments.gives(count) ? arguments[count] : 1
  }

  private static func unit(
    _ name: String, of file: ModelFile<Float>, _ arguments: ParsedArguments
  ) throws -> RecurrentUnit {
    let units = file.model.units
    guard let unit = units.first(where: { $0.description == name }) else {
      throw arguments.usageFailure(
        "the model has no unit \(name.quotedName); its units are \(units.first!) to \(units.last!)")
    }
    return unit
  }

  private static func text(_ table: NeuronTable) -> String {
    func shown(_ value: Double?) -> String { value.map { Readable.fixed($0, digits: 3) } ?? "-" }
    return TextTable(
      [
        .init("feature", table.rows.map { $0.feature.name.printable(atMost: 40) }, rank: nil),
        .init("unit", table.rows.map { "\($0.entry.unit)" }, rank: nil),
        .init("correlation", table.rows.map { shown($0.entry.correlation) }, rank: nil, isNumber: true),
        .init("held out", table.rows.map { shown($0.entry.heldOut) }, rank: nil, isNumber: true),
      ], width: .max
    ).lines.map { $0 + "\n" }.joined()
  }

  private static func json(_ table: NeuronTable, _ ranking: UnitRanking) -> JSONText {
    [
      "tokens": .integer(ranking.tokens),
      "units": .array(
        table.rows.map { row in
          [
            "feature": .string(row.feature.name), "unit": .string("\(row.entry.unit)"),
            "layer": .integer(row.entry.unit.layer), "component": .string(row.entry.unit.component),
            "index": .integer(row.entry.unit.index), "correlation": .number(row.entry.correlation),
            "held_out": JSONText(row.entry.heldOut),
          ]
        }),
    ]
  }
}

/// Units to show, each with the feature that it was ranked by.
private struct NeuronTable {
  let rows: [NeuronsPage.Row]
  /// Names of features that rank nothing.
  let missing: [String]

  /// - Parameter unit: the only one to show; nil for the first ones.
  init(_ ranking: UnitRanking, count: Int, unit: RecurrentUnit?) {
    let found = zip(ranking.features, ranking.rankings)
    missing = found.filter { $0.1.isEmpty }.map(\.0.name)
    rows = found.flatMap { feature, entries in
      (unit == nil ? Array(entries.prefix(count)) : entries.filter { $0.unit == unit }).map { (feature, $0) }
    }
  }
}
