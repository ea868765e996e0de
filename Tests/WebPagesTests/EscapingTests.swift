import CharrnnTestSupport
import Foundation
import TensorCore
import Testing
import WebPages

@Suite struct EscapingTests {
  @Test func markupInTextIsShownAsText() {
    let markup: Markup = "<p title=\"\("a\"'b")\">\("<b>&amp;</b>")</p>"
    #expect(markup.html == "<p title=\"a&quot;&#39;b\">&lt;b&gt;&amp;amp;&lt;/b&gt;</p>")
  }

  @Test func controlCharactersAreShown() {
    #expect("\u{0}\u{1B}[2J\r\u{7F}\u{85}".escapedForHTML == "␀␛[2J␍␡\\u{85}")
  }

  @Test func linesAndTabsStay() { #expect("a\n\tb".escapedForHTML == "a\n\tb") }

  @Test func whatReordersTextIsNamed() {
    #expect("a\u{202E}b\u{2066}c\u{2028}".escapedForHTML == "a\\u{202E}b\\u{2066}c\\u{2028}")
  }

  @Test func textOfOtherScriptsStays() {
    let text = "e\u{301} שלום 👩\u{200D}👩"
    #expect(text.escapedForHTML.utf8.elementsEqual(text.utf8))
  }

  // Random JSON of the characters that end a script or a string.
  @Test func dataInAScriptIsTheSameAndEndsNoScript() throws {
    let parts = ["</script>", "<!--", "]]>", "&lt;", "\u{2028}", "\u{2029}", "\\", "\"", "\n", "é", "\u{0}"]
    let seed = Int.random(in: 0...1_000_000)
    var random = SplitMix(seed: seed)
    for _ in 0..<50 {
      let text = (0..<6).map { _ in parts.randomElement(using: &random)! }.joined()
      let json = JSONText.object([(name: text, value: .string(text))]).compact.escapedForScript
      #expect(!json.contains { "<>&\u{2028}\u{2029}".contains($0) }, "seed \(seed)")
      let value = try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
      #expect(value == [text: text], "seed \(seed)")
    }
  }
}
