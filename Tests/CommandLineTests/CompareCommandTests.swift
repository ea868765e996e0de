import CharrnnTestSupport
import Foundation
import Testing

@Suite struct CompareCommandTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
  }

  private func train(_ out: String, _ options: String...) throws {
    let size = ["--layers", "1", "--batch", "2", "--length", "4", "--steps", "3", "--plain"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", out] + size + options))
  }

  @Test func optionsThatDifferAndResultsAreShown() throws {
    try train("a", "--hidden", "4")
    try train("b", "--hidden", "6")
    let compared = try workplace.charrnn("compare", "a", "b")
    expectDone(compared)
    let lines = compared.text.split(separator: "\n")
    #expect(lines[0].contains(/run +hidden +bits +nats +step +time +parameters +tokens\/s/), "\(lines[0])")
    #expect(lines[1].contains(#/^a +a +4 /#) && lines[2].contains(#/^b +b +6 /#) && lines.allSatisfy { $0.count <= 80 })
  }

  @Test func resultsInJSONAreThoseOfTheMetrics() throws {
    try train("a", "--hidden", "4")
    let runs = try #require(try workplace.charrnn("compare", "a", "--json").json()["runs"] as? [[String: Any]])
    let metrics = String(decoding: try workplace.bytes(of: "a/metrics.jsonl"), as: UTF8.self)
    let loss = try #require(metrics.firstMatch(of: /"validation_loss":([0-9.e-]+)/)).output.1
    #expect(runs[0]["validation_loss"] as? Double == Double(loss) && runs[0]["step"] as? Int == 3)
  }

  @Test func aPageIsWritten() throws {
    try train("a", "--hidden", "4")
    expectDone(try workplace.charrnn("compare", "a", "--html", "page.html"))
    let page = String(decoding: try workplace.bytes(of: "page.html"), as: UTF8.self)
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains(#""path":"a""#))
  }

  @Test func runsOfDifferentTextsAreNoted() throws {
    try train("a", "--hidden", "4")
    try workplace.write(fable + "more", to: "fable.txt")
    try train("b", "--hidden", "4")
    #expect(try workplace.charrnn("compare", "a", "b").errors.contains("different texts"))
  }

  @Test func noRunIsNoInput() throws {
    #expect(try workplace.charrnn("compare", "nothing").code == 66)
    #expect(try workplace.charrnn("report", "nothing").code == 66)
  }

  @Test func aDamagedConfigurationIsBadData() throws {
    try train("a", "--hidden", "4")
    try workplace.write("[", to: "a/config.json")
    #expect(try workplace.charrnn("compare", "a").code == 65)
  }

  @Test func theReportOfARunIsWrittenAnew() throws {
    try train("a", "--hidden", "4")
    let page = try workplace.bytes(of: "a/report.html")
    try workplace.write("lost", to: "a/report.html")
    expectDone(try workplace.charrnn("report", "a"))
    #expect(try workplace.bytes(of: "a/report.html") == page)
  }

  @Test func aPageThatCannotBeWrittenIsSaidAndStopsNothing() throws {
    try train("a", "--hidden", "4")
    try FileManager.default.removeItem(atPath: workplace.path(of: "a/report.html"))
    try FileManager.default.createDirectory(
      atPath: workplace.path(of: "a/report.html"), withIntermediateDirectories: false)
    let report = try workplace.charrnn("report", "a")
    #expect(report.code == 73 && report.errors.contains("a/report.html"))
  }
}
