import TensorCore

/// A page that compares runs: their validation losses in one chart, and a table of what differs.
package enum ComparisonPage {
  package static func page(of runs: [RunSummary]) -> HTMLPage {
    let (inBits, differences) = (RunSummary.areInBits(runs), RunSummary.differences(of: runs))
    let note: Markup =
      RunSummary.haveSeveralCorpora(runs) ? "<p class=\"soft\">Note: \(RunSummary.corporaNote).</p>\n" : ""
    let names = differences + columns.map(\.name)
    let head = names.map { "<th>\($0)</th>" as Markup }.joined()
    let rows = runs.map { run -> Markup in
      let options = differences.map { "<td>\(run.option($0))</td>" as Markup }
      let results = columns.map { column in
        "<td class=\"number\" data-value=\"\(column.value(run).map { "\($0)" } ?? "")\"></td>" as Markup
      }
      return "<tr><td><bdi>\(run.path)</bdi></td>\((options + results).joined())</tr>\n"
    }
    let body: Markup = """
      \(note)<div class="chart" id="loss"></div>
      <h2>What differs</h2>
      <div class="wide"><table id="runs">
      <tr><th>run</th>\(head)</tr>
      \(rows.joined())</table></div>

      """
    let data: JSONText = [
      "unit": inBits ? "bits per character" : "nats a token",
      "runs": .array(
        runs.map { ["path": .string($0.path), "curve": $0.curve(inBits: inBits).json] }),
    ]
    return HTMLPage(title: "Runs compared", body: body, script: ChartScript.text + "\n" + script, data: data)
  }

  /// Results of a run, with their names in the table and in JSON; those that are counts are whole.
  package static let columns: [(name: String, key: String, isCount: Bool, value: @Sendable (RunSummary) -> Double?)] = [
    ("best bits", "bits_per_character", false, { $0.metrics.best?.validationBits }),
    ("best nats", "validation_loss", false, { $0.metrics.best?.validationLoss }),
    ("at step", "step", true, { $0.metrics.best.map { Double($0.step) } }),
    ("seconds", "seconds", false, { $0.seconds }),
    ("parameters", "parameters", true, { $0.parameters.map(Double.init) }),
    ("tokens/s", "tokens_per_second", false, { $0.speed }),
  ]

  private static let script = #"""
    chart(document.getElementById("loss"), {
      title: "Validation loss, in " + pageData.unit, x: "step",
      series: pageData.runs.map((run, i) => ({name: visible(run.path), color: i % 8, points: run.curve}))});
    for (const cell of document.querySelectorAll("td[data-value]"))
      cell.textContent = cell.dataset.value === "" ? "-" : figure(Number(cell.dataset.value), 5);
    """#
}
