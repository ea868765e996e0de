import CharrnnTestSupport
import Foundation
import Testing

@Suite struct NeuronsCommandTests {
  private let workplace: Workplace

  init() throws { workplace = try Trained.workplace.get() }

  private func neurons(_ options: String...) throws -> Outcome {
    try workplace.charrnn(["neurons", "run", "fable.txt"] + options)
  }

  @Test func theBestUnitForEachFeatureIsListed() throws {
    let outcome = try neurons()
    expectDone(
      outcome, "nothing to rank by quotes: it never changes in the first half of the text",
      "nothing to rank by capitals")
    let rows = outcome.text.split(separator: "\n")
    #expect(rows[0].wholeMatch(of: /feature +unit +correlation +held out/) != nil)
    #expect(rows.dropFirst().compactMap { $0.prefixMatch(of: /[a-z-]+/)?.0 } == ["line-position", "word-position"])
    let row = /[a-z-]+ +l[01]\.(hidden|cell)\.\d +-?\d\.\d{3} +-?\d\.\d{3}/
    #expect(rows.dropFirst().allSatisfy { $0.wholeMatch(of: row) != nil })
  }

  @Test func unitsAreRankedByAFeatureOrAnExpression() throws {
    let ranked = try neurons("--by", "line-position", "--count", "5", "--json").json()
    let units = try #require(ranked["units"] as? [[String: Any]])
    let sizes = units.compactMap { $0["correlation"] as? Double }.map(abs)
    #expect(sizes.count == 5 && sizes == sizes.sorted(by: >) && ranked["tokens"] as? Int == fable.count)
    let matching = try neurons("--matching", "fox|crow")
    #expect(matching.text.split(separator: "\n").count == 11 && matching.text.contains("fox|crow"))
    expectError(try neurons("--matching", "("), 64, "--matching: \"(\" is not a regular expression")
    expectError(try neurons("--matching", "a", "--by", "quotes"), 64, "--by and --matching both say what to look for")
    expectError(try neurons("--by", "quote"), 64, "did you mean quotes?")
  }

  @Test func aUnitIsLookedAtByItsName() throws {
    let outcome = try neurons("--unit", "l1.cell.3")
    expectDone(outcome)
    #expect(outcome.text.split(separator: "\n").dropFirst().allSatisfy { $0.contains("l1.cell.3") })
    expectError(
      try neurons("--unit", "l7.cell.3"), 64, "has no unit \"l7.cell.3\"; its units are l0.hidden.0 to l1.cell.7")
  }

  @Test func aLimitIsSaid() throws {
    expectDone(try neurons("--limit", "200"), "read the first 200 of \(fable.count) tokens; --limit reads more")
  }

  @Test func aPageIsWritten() throws {
    expectDone(try neurons("--html", "neurons.html"), "wrote neurons.html")
    #expect(String(decoding: try workplace.bytes(of: "neurons.html"), as: UTF8.self).contains("data-unit=\"1\""))
  }
}
