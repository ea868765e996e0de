import LanguageModels
import SequenceText
import TensorCore

/// A page of a text in which each character has the colour of the model's surprise at it.
package struct ScorePage {
  private let surprise: TextSurprise
  private let vocabulary: Vocabulary
  private let title: String
  private let shown: ShownText

  package init(_ surprise: TextSurprise, vocabulary: Vocabulary, title: String) {
    (self.surprise, self.vocabulary, self.title) = (surprise, vocabulary, title)
    shown = ShownText(surprise.pieces, atMost: Self.mostPieces)
  }

  private static let mostPieces = 100_000
  private static let mostOddLines = 10

  /// How many lines of the text the page leaves out, in whole or in part.
  package var linesLeftOut: Int { shown.linesLeftOut }

  package var page: HTMLPage {
    let body: Markup = """
      <div class="figures">
      \(figure("bits", surprise.bitsPerCharacter, "bits per character"))\
      \(figure("tokens", Double(surprise.predictedTokens), "tokens predicted"))\
      \(figure("lines", Double(surprise.lines.count), "lines"))</div>
      <div class="chart below" id="by-line"></div>
      <h2>The oddest lines</h2>
      <p class="soft">Oddness: how many bits the surprise of a line's oddest passage goes beyond what is usual in the text.</p>
      <table id="oddest">
      <tr><th class="number">line</th><th class="number">oddness</th><th class="number">bits</th><th>text</th></tr>
      \(surprise.oddestLines(Self.mostOddLines).filter { $0.oddness > 0 }.map(row).joined())</table>
      <h2>The text</h2>
      <p class="soft">\(ReadingScript.legend)</p>
      \(shown.note)<div class="reading" id="text"></div>
      <noscript><p>The chart and the text need JavaScript.</p></noscript>

      """
    let script = ChartScript.text + "\n" + ReadingScript.text + "\n" + Self.script
    return HTMLPage(title: title, body: body, script: script, data: data)
  }

  private func figure(_ id: String, _ value: Double?, _ label: String) -> Markup {
    guard let value else { return "" }
    return "<div><b id=\"\(id)\" data-value=\"\("\(value)")\"></b><span>\(label)</span></div>\n"
  }

  private func row(_ line: TextSurprise.Line) -> Markup {
    let number = { (value: Double) in "<td class=\"number\" data-value=\"\("\(value)")\"></td>" as Markup }
    return """
      <tr><td class="number">\(line.number)</td>\(number(line.oddness))\(number(line.bits))\
      <td class="text"><bdi>\(String(surprise.pieces.text(line.pieces).prefix(200)))</bdi></td></tr>

      """
  }

  private var data: JSONText {
    let surprises = surprise.surprises[..<shown.pieces]
    func hundredths(_ value: Double) -> JSONText { .integer(Int(min(value * 100, 1e6).rounded())) }
    let members: [(name: String, value: JSONText)] = [
      ("symbols", .array((0..<vocabulary.count).map { .string(vocabulary.display(Int32($0))) })),
      // In hundredths of a bit; null where nothing predicts.
      ("bits", .array(surprises.map { $0.map { hundredths($0.bits) } ?? .null })),
      // Symbols and their probabilities in thousandths, one after the other.
      (
        "likeliest",
        .array(
          surprises.map { piece in
            .array(
              (piece?.likeliest ?? []).flatMap { alternative -> [JSONText] in
                [.integer(Int(alternative.token)), .integer(Int((alternative.probability * 1000).rounded()))]
              })
          })
      ),
      (
        "curve",
        Curve(
          surprise.lines.compactMap { line in line.bitsPerCharacter.map { (line.number, $0) } }
        ).json
      ),
    ]
    return .object(shown.data + members)
  }

  private static let script = #"""
    const d = pageData;
    for (const node of document.querySelectorAll("b[data-value]")) node.textContent = figure(Number(node.dataset.value), 4);
    for (const node of document.querySelectorAll("td[data-value]")) node.textContent = Number(node.dataset.value).toFixed(1);
    chart(document.getElementById("by-line"), {
      title: "Surprise by line, in bits per character", x: "line",
      series: [{name: "surprise", color: 1, points: d.curve}]});
    reading(document.getElementById("text"), {
      pieces: d.pieces, lines: d.lines, numbers: d.numbers,
      tone: i => surpriseTone(d.bits[i] / 100),
      describe: i => {
        if (d.bits[i] === null) return ["the first character: nothing predicts it"];
        const others = [];
        for (let k = 0; k < d.likeliest[i].length; k += 2)
          others.push([d.symbols[d.likeliest[i][k]], d.likeliest[i][k + 1] / 1000]);
        return describeSurprise(d.bits[i] / 100, others);
      }});
    """#
}
