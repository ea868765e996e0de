import CharrnnTestSupport
import Foundation
import Testing

@Suite struct RunsCommandTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
  }

  private func train(_ out: String, _ options: String...) throws {
    let size = ["--hidden", "4", "--layers", "1", "--batch", "2", "--length", "4"]
    let steps = options.contains("--steps") ? [] : ["--steps", "3"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", out] + size + steps + options))
  }

  @Test func everyRunIsListedWithItsModelByName() throws {
    try train("runs/b", "--cell", "gru")
    try train("runs/a")
    try workplace.write("not a run", to: "runs/notes.txt")
    let listed = try workplace.charrnn("runs")
    expectDone(listed)
    let lines = listed.text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("runs/a  lstm 1×4  3 steps  validation loss "))
    #expect(lines[1].hasPrefix("runs/b  gru 1×4   3 steps  validation loss "))
    let runs = try #require(try workplace.charrnn("runs", "--json").json()["runs"] as? [[String: Any]])
    #expect(runs.map { $0["path"] as? String } == ["runs/a", "runs/b"])
    #expect(runs.map { $0["cell"] as? String } == ["lstm", "gru"])
    #expect(runs.allSatisfy { $0["step"] as? Int == 3 && $0["steps"] as? Int == 3 && $0["validation_loss"] is Double })
  }

  /// The steps that a run has done are those of its last state, not of its best model.
  @Test func theStepsOfARunAreThoseOfItsLastState() throws {
    try train("runs/a", "--validate-every", "1")
    try train("early", "--validate-every", "1", "--steps", "1")
    try workplace.write(workplace.bytes(of: "early/best.safetensors"), to: "runs/a/best.safetensors")
    let listed = try workplace.charrnn("runs")
    #expect(listed.text.contains(/3 steps  validation loss [0-9.]+ nats a character at step 1\n/), "\(listed.text)")
  }

  @Test func theStepsOfARunWithADamagedStateAreNotGuessed() throws {
    try train("runs/a")
    try workplace.write("no checkpoint", to: "runs/a/last.safetensors")
    #expect(try workplace.charrnn("runs").text.contains(/1×4  last cannot be read  validation loss/))
  }

  @Test func aDamagedRunIsNamedAndHidesNoOther() throws {
    try train("runs/a")
    try train("runs/b")
    for name in ["best", "last"] { try workplace.write("no checkpoint", to: "runs/a/\(name).safetensors") }
    let listed = try workplace.charrnn("runs")
    expectDone(listed)
    #expect(listed.text.hasPrefix("runs/a  cannot be read"))
    #expect(listed.text.contains("runs/b  lstm 1×4  3 steps"))
  }

  /// A link to a run elsewhere is listed as any run; one that leads nowhere is named in a note, and hides no run.
  @Test func aLinkIsFollowedAndOneThatLeadsNowhereIsNamed() throws {
    try train("elsewhere/run")
    try train("runs/b")
    func link(_ name: String, to destination: String) throws {
      try FileManager.default.createSymbolicLink(
        atPath: workplace.path + "/" + name, withDestinationPath: destination)
    }
    for (name, destination) in [("c", "../elsewhere/run"), ("a", "../gone"), ("d", "d"), ("e", "../fable.txt/run")] {
      try link("runs/" + name, to: destination)
    }
    let note = "charrnn: note: links that lead nowhere: runs/a, runs/d, runs/e\n"
    let listed = try workplace.charrnn("runs")
    #expect(listed.code == 0 && listed.errors == note, "\(listed.errors)")
    let lines = listed.text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("runs/b  lstm 1×4  3 steps") && lines[1].hasPrefix("runs/c  lstm 1×4  3 steps"))
    let report = try workplace.charrnn("runs", "--json")
    let runs = try #require(try report.json()["runs"] as? [[String: Any]])
    #expect(runs.map { $0["path"] as? String } == ["runs/b", "runs/c"] && runs.allSatisfy { $0["error"] == nil })
    #expect(report.code == 0 && report.errors == note)

    try link("folder", to: "gone")
    expectError(try workplace.charrnn("runs", "--in", "folder"), 66, "folder: is no folder that can be read")
    try FileManager.default.removeItem(atPath: workplace.path + "/runs")
    try link("runs", to: "gone")
    expectError(try workplace.charrnn("runs"), 66, "runs: is no folder that can be read")
  }

  @Test func aNameIsShownWholeOnOneLine() throws {
    try train("runs/a\nb\u{1F600}\u{1F600}")
    let listed = try workplace.charrnn("runs", "--in", "runs/")
    expectDone(listed)
    #expect(listed.text.hasPrefix("runs/a\\nb\u{1F600}\u{1F600}  lstm 1×4  3 steps"))
  }

  @Test func noRunYetIsNoErrorButAMissingFolderIs() throws {
    let none = try workplace.charrnn("runs")
    #expect(none.code == 0 && none.text.isEmpty)
    #expect(none.errors.contains("runs holds no run yet"))
    expectError(try workplace.charrnn("runs", "--in", "elsewhere"), 66, "elsewhere")
  }
}
