import Foundation
import LanguageModels
import SequenceText
import TensorCheckpoints
import TensorCore

/// Parts of the page.
extension RunReport {
  /// The large numbers at the top. Each has its exact value in `data-value`.
  var figures: Markup {
    let (best, last, test) = (metrics.best, metrics.last, metrics.test)
    let hasBits = metrics.bitsPerNat != nil
    func figure(_ id: String, _ value: Double?, _ digits: Int, _ label: String) -> Markup {
      guard let value else { return "" }
      return """
        <div><b id="\(id)" data-value="\("\(value)")">\(String(format: "%.\(digits)f", value))</b><span>\(label)</span></div>

        """
    }
    let unit = hasBits ? "bits per character" : "nats a token"
    let parts = [
      figure("best", hasBits ? best?.validationBits : best?.validationLoss, 4, "\(unit), best validation"),
      figure("best-step", best.map { Double($0.step) }, 0, "step of the best model"),
      figure("test", test?.testBits ?? test?.testLoss, 4, "\(unit), test part"),
      figure("last-loss", last?.validationLoss, 4, "nats a token, last validation"),
      figure("last-train-loss", last?.trainLoss, 4, "nats a token, last training mean"),
      figure("last-step", last.map { Double($0.step) }, 0, "steps done"),
      figure("last-epoch", last?.epoch, 2, "epochs done"),
      figure("speed", metrics.lines.last { $0.speed != nil }?.speed, 0, "tokens a second, last"),
    ]
    return "<div class=\"figures\">\n\(parts.joined())</div>\n"
  }

  static let charts: Markup = """
    <h2>Training</h2>
    <p><button type="button" id="unit" data-unit="bits" hidden></button></p>
    <div class="chart" id="loss"></div>
    <div class="cards below">
    <div class="chart" id="learning-rate"></div><div class="chart" id="gradient-norm"></div>
    <div class="chart" id="speed-chart"></div>
    </div>
    <noscript><p>The charts need JavaScript.</p></noscript>

    """

  /// Samples, evenly chosen where there are many, with the longest passage that stands in the corpus marked.
  var samples: Markup {
    let samples = metrics.lines.filter { $0.text != nil }
    if samples.isEmpty { return "" }
    let every = (samples.count + Self.mostSamples - 1) / Self.mostSamples
    let shown = samples.enumerated().filter { (samples.count - 1 - $0.offset) % every == 0 }.map(\.element).reversed()
    let note: Markup = every > 1 ? "<p class=\"soft\">\(shown.count) of \(samples.count) samples.</p>\n" : ""
    return
      "<h2>Samples, the newest first</h2>\n\(note)<div class=\"cards\">\n\(shown.map(Self.sample).joined())</div>\n"
  }

  private static let mostSamples = 60

  private static func sample(_ line: RunMetrics.Line) -> Markup {
    let text = line.text ?? ""
    let copied = line.longestCopy ?? 0
    var marked: Markup = "\(text)"
    if let copy = line.copy, !copy.isEmpty, let range = text.range(of: copy, options: .literal) {
      marked = "\(String(text[..<range.lowerBound]))<mark>\(copy)</mark>\(String(text[range.upperBound...]))"
    }
    return """
      <section class="sample" data-step="\(line.step)">
      <h3>Step \(line.step)</h3>
      <pre class="text" dir="auto">\(marked)</pre>
      <p class="soft">The longest passage that stands in the corpus word for word (marked): <b>\(copied)</b> \(copied == 1 ? "token" : "tokens").</p>
      </section>

      """
  }

  var commandLines: Markup {
    if commands.isEmpty { return "" }
    let lines = commands.map { "<p>\($0.purpose)</p>\n<pre class=\"text\">\($0.line)</pre>\n" as Markup }
    return "<h2>Go on</h2>\n\(lines.joined())"
  }

  /// Every option of `config.json`, in its order; a file that is no object of options shows none.
  func options() throws(FileError) -> Markup {
    guard let bytes = try directory.contents(of: directory.configuration) else { return "" }
    let text = String(decoding: bytes, as: UTF8.self)
    let configuration = try? RunConfiguration(of: directory)
    let chosen = Set(((try? configuration?.value("chosen", "a list", as: [String].self)) ?? nil) ?? [])
    let fields = SettingField.all.filter { chosen.contains($0.name) }.map(\.reportedName)
    guard let members = try? Self.members(ofJSON: text) else { return "" }
    let rows = members.filter { !["chosen", "run", "replaces"].contains($0.name) }.map { name, value -> Markup in
      let origin: Markup =
        fields.contains(name) || chosen.contains(name) ? " <span class=\"soft\">chosen for the text</span>" : ""
      return "<div><dt>\(name)</dt><dd class=\"text\">\(value)\(origin)</dd></div>\n"
    }
    return "<h2>Options</h2>\n<dl class=\"options\" id=\"options\">\n\(rows.joined())</dl>\n"
  }

  /// Names and values of a JSON object in its order: texts as they are, other values as JSON, the members of an object in it as
  /// its own.
  static func members(ofJSON text: String) throws -> [(name: String, value: String)] {
    try flatMembers(ofJSON: text).map { name, json in
      (name, json == "null" ? "-" : (try? JSONDecoder().decode(String.self, from: Data(json.utf8))) ?? json)
    }
  }

  func vocabularyTable(_ vocabulary: Vocabulary?) -> Markup {
    guard let vocabulary else { return "" }
    let shown = (0..<min(vocabulary.count, Self.mostSymbols)).map {
      "<code>\(vocabulary.display(Int32($0)))</code> " as Markup
    }
    let more: Markup = vocabulary.count > Self.mostSymbols ? "and \(vocabulary.count - Self.mostSymbols) more" : ""
    let order = vocabulary.kind.isOfPieces ? "ids" : "bytes"
    return """
      <h2>Vocabulary</h2>
      <p class="soft">\(vocabulary.count) symbols (\(vocabulary.kind.rawValue) tokens), in the order of their \(order).</p>
      <p id="vocabulary"><bdi>\(shown.joined())\(more)</bdi></p>

      """
  }

  private static let mostSymbols = 1000
}
