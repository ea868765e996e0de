import CharrnnTestSupport
import Foundation
import ModelTraining
import Testing
import WebPages

@Suite struct RunReportTests {
  private let scratch: ScratchDirectory
  private let directory: RunDirectory

  init() throws {
    scratch = try ScratchDirectory()
    directory = RunDirectory(scratch.path)
  }

  private func data(_ report: inout RunReport) throws -> [String: Any] {
    let json = try report.page().data.compact
    return try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  private func validation(_ step: Int, _ loss: Double) -> String {
    #"{"event":"validation","step":\#(step),"epoch":1,"learning_rate":0.1,"seconds":1,"validation_loss":\#(loss)}"#
      + "\n"
  }

  private func bestStep(_ report: inout RunReport) throws -> Int? {
    (try data(&report)["best"] as? [String: Any])?["step"] as? Int
  }

  @Test func aDirectoryWithNothingHasAPage() throws {
    var report = RunReport(directory)
    try report.write()
    #expect(try scratch.names == ["report.html"])
  }

  @Test func theBestIsTheLowestValidation() throws {
    try scratch.write(validation(1, 3) + validation(2, 1.25) + validation(3, 2), to: "metrics.jsonl")
    var report = RunReport(directory)
    #expect(try bestStep(&report) == 2)
    #expect(try report.page().html.contains(#"data-value="1.25">1.2500<"#))
  }

  @Test func linesThatWereAddedAreReadOn() throws {
    try scratch.write(validation(1, 3), to: "metrics.jsonl")
    var report = RunReport(directory)
    #expect(try bestStep(&report) == 1)
    try scratch.write(validation(1, 3) + validation(2, 2) + #"{"event":"vali"#, to: "metrics.jsonl")
    #expect(try bestStep(&report) == 2)
    try scratch.write(validation(1, 3), to: "metrics.jsonl")
    #expect(try bestStep(&report) == 1, "a file that became shorter is read anew")
  }

  @Test func stepsThatWereTakenBackAreNotShown() throws {
    let rollback = #"{"event":"rolled_back","step":1,"reason":"the loss is not finite"}"# + "\n"
    try scratch.write(validation(1, 3) + validation(2, 1) + rollback + validation(2, 2.5), to: "metrics.jsonl")
    var report = RunReport(directory)
    let curves = try #require(try data(&report)["curves"] as? [String: Any])
    #expect(curves["validation_loss"] as? [[Double]] == [[1, 3], [2, 2.5]])
    #expect((try data(&report)["marks"] as? [Any])?.count == 1)
  }

  @Test func whatASampleCopiesIsMarkedInIt() throws {
    let sample = #"{"event":"sample","step":5,"text":"<a> the fox","copy":"the f","longest_copy":5}"# + "\n"
    try scratch.write(sample, to: "metrics.jsonl")
    var report = RunReport(directory)
    #expect(try report.page().html.contains("&lt;a&gt; <mark>the f</mark>ox"))
  }

  @Test func optionsKeepTheirOrderAndAreEscaped() throws {
    try scratch.write(#"{"zeta": "<b>", "inner": {"alpha": 0.5}, "none": null}"#, to: "config.json")
    var report = RunReport(directory)
    let html = try report.page().html
    let rows = html.matches(of: /<dt>(.*)<\/dt><dd class="text">(.*)<\/dd>/).map { "\($0.output.1) \($0.output.2)" }
    #expect(rows == ["zeta &lt;b&gt;", "alpha 0.5", "none -"])
  }

  @Test func aLongRunHasASmallPage() throws {
    let sample =
      #"{"event":"sample","step":1,"text":"\#(String(repeating: "word ", count: 60))","longest_copy":0}"# + "\n"
    let lines = (1...3000).map { validation($0, 1 + 1 / Double($0)) }.joined()
    try scratch.write(lines + String(repeating: sample, count: 500), to: "metrics.jsonl")
    var report = RunReport(directory)
    #expect(try report.page().html.utf8.count < 200_000)
  }
}
