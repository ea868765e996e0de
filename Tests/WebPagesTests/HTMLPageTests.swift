import Foundation
import Testing
import WebPages

@Suite struct HTMLPageTests {
  private let page = HTMLPage(
    title: "a <run>", body: "<p>\("1 < 2")</p>", script: "document.title += pageData.n;", data: ["n": 1])

  @Test func thePolicyAllowsWhatIsInTheFileAlone() {
    #expect(
      page.html.contains(
        "Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;"))
  }

  @Test func nothingIsFetched() {
    for fetching in [" src=", "href=", "url(", "@import", "fetch("] { #expect(!page.html.contains(fetching)) }
  }

  @Test func theTitleIsEscaped() { #expect(page.html.contains("<title>a &lt;run&gt;</title>")) }

  @Test func theDataStandBeforeTheScript() throws {
    let html = page.html
    let data = try #require(html.range(of: "<script type=\"application/json\" id=\"data\">{\"n\":1}</script>"))
    let script = try #require(html.range(of: "document.title"))
    #expect(data.upperBound < script.lowerBound)
  }

  @Test func styleAndScriptAreASCII() {
    #expect(page.html.utf8.allSatisfy { $0 < 0x80 })
  }
}
