import LanguageModels
import TensorCore

/// A page of a text in the colours of the activations of one unit, to be chosen among several.
package struct NeuronsPage {
  /// A unit and the feature of the text that it was found by.
  package typealias Row = (feature: TextFeature, entry: UnitRanking.Entry)

  private let ranking: UnitRanking
  private let rows: [Row]
  private let title: String

  package init(_ ranking: UnitRanking, rows: [Row], title: String) {
    (self.ranking, self.rows, self.title) = (ranking, rows, title)
  }

  private static let mostPieces = 20_000
  private static let mostUnits = 40

  package var page: HTMLPage {
    let shown = ShownText(ranking.pieces, atMost: Self.mostPieces)
    let rows = rows.prefix(Self.mostUnits)
    let body: Markup = """
      <h2>Units</h2>
      <p class="soft">Correlation of a unit's value with a feature of the text, on the first half, by which units are ranked, and on
      the second half, which had no say in it. Read: \(ranking.tokens) tokens.</p>
      <div class="wide"><table id="units">
      <tr><th>unit</th><th>feature</th><th class="number">correlation</th><th class="number">held out</th></tr>
      \(rows.enumerated().map { row($0.offset, $0.element) }.joined())</table></div>
      <div class="chart below" id="along"></div>
      <h2>The text</h2>
      <p class="soft">What <b id="shown"></b> is after each character: blue below 0, orange above. Point at a character, or use the
      arrow keys.</p>
      \(shown.note)<div class="reading" id="text"></div>
      <noscript><p>The chart and the text need JavaScript.</p></noscript>

      """
    let script = ChartScript.text + "\n" + ReadingScript.text + "\n" + Self.script
    return HTMLPage(title: title, body: body, script: script, data: data(Array(rows), shown))
  }

  private func row(_ index: Int, _ row: Row) -> Markup {
    func number(_ value: Double?) -> Markup {
      "<td class=\"number\" data-value=\"\(value.map { "\($0)" } ?? "")\"></td>"
    }
    return """
      <tr><td><button type="button" data-unit="\(index)" aria-pressed="false">\("\(row.entry.unit)")</button></td>\
      <td><bdi>\(row.feature.name)</bdi></td>\(number(row.entry.correlation))\(number(row.entry.heldOut))</tr>

      """
  }

  private func data(_ rows: [Row], _ shown: ShownText) -> JSONText {
    let activations = ranking.activations(of: rows.map(\.entry.unit), pieces: shown.pieces)
    let units = JSONText.array(
      zip(rows, activations).map { row, values in
        let largest = Double(values.map(abs).max() ?? 0)
        return [
          "name": .string("\(row.entry.unit)"), "largest": .number(largest),
          // In hundredths of the largest.
          "values": .array(
            values.map { .integer(largest > 0 ? Int((Double($0) / largest * 100).rounded()) : 0) }),
          "curve": Curve(values.enumerated().map { ($0.offset + 1, Double($0.element)) }).json,
        ]
      })
    // The unit that follows its feature most is shown first.
    let first = rows.indices.max { abs(rows[$0].entry.correlation) < abs(rows[$1].entry.correlation) } ?? 0
    return .object(shown.data + [("units", units), ("first", .integer(first))])
  }

  private static let script = #"""
    const d = pageData;
    for (const cell of document.querySelectorAll("td[data-value]"))
      cell.textContent = cell.dataset.value === "" ? "-" : Number(cell.dataset.value).toFixed(3);
    const buttons = [...document.querySelectorAll("[data-unit]")];
    let unit = d.units[d.first];
    const level = i => Math.min(Math.ceil(Math.abs(unit.values[i]) / 20), 5);
    const shown = unit === undefined ? null : reading(document.getElementById("text"), {
      pieces: d.pieces, lines: d.lines, numbers: d.numbers,
      tone: i => Math.abs(unit.values[i]) < 5 ? "" : (unit.values[i] > 0 ? "r" : "b") + level(i),
      describe: i => [unit.name + " " + figure(unit.values[i] / 100 * unit.largest, 3)]});
    function choose(index) {
      unit = d.units[index];
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
      document.getElementById("shown").textContent = unit.name;
      chart(document.getElementById("along"), {
        title: unit.name + " along the text", x: "character", series: [{name: unit.name, color: 0, points: unit.curve}]});
      shown.paint();
    }
    buttons.forEach((button, i) => button.addEventListener("click", () => choose(i)));
    if (unit) choose(d.first);
    """#
}
