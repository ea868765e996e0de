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
    let size = ["--hidden", "4", "--layers", "1", "--batch", "2", "--length", "4", "--steps", "3"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", out] + size + options))
  }

  @Test func everyRunIsListedWithItsModelByName() throws {
    try train("runs/b", "--cell", "gru")
    try train("runs/a")
    try workplace.write("not a run", to: "runs/notes.txt")
    let listed = try workplace.charrnn("runs")
    expectDone(listed)
    let lines = listed.text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("runs/a  lstm 1×4  step 3  validation loss "))
    #expect(lines[1].hasPrefix("runs/b  gru 1×4   step 3  validation loss "))
    let runs = try #require(try workplace.charrnn("runs", "--json").json()["runs"] as? [[String: Any]])
    #expect(runs.map { $0["path"] as? String } == ["runs/a", "runs/b"])
    #expect(runs.map { $0["cell"] as? String } == ["lstm", "gru"])
    #expect(runs.allSatisfy { $0["step"] as? Int == 3 && $0["validation_loss"] is Double })
  }

  @Test func aDamagedRunIsNamedAndHidesNoOther() throws {
    try train("runs/a")
    try train("runs/b")
    for name in ["best", "last"] { try workplace.write("no checkpoint", to: "runs/a/\(name).safetensors") }
    let listed = try workplace.charrnn("runs")
    expectDone(listed)
    #expect(listed.text.hasPrefix("runs/a  cannot be read"))
    #expect(listed.text.contains("runs/b  lstm 1×4  step 3"))
  }

  @Test func aNameIsShownWholeOnOneLine() throws {
    try train("runs/a\nb\u{1F600}\u{1F600}")
    let listed = try workplace.charrnn("runs", "--in", "runs/")
    expectDone(listed)
    #expect(listed.text.hasPrefix("runs/a\\nb\u{1F600}\u{1F600}  lstm 1×4  step 3"))
  }

  @Test func noRunYetIsNoErrorButAMissingFolderIs() throws {
    let none = try workplace.charrnn("runs")
    #expect(none.code == 0 && none.text.isEmpty)
    #expect(none.errors.contains("runs holds no run yet"))
    expectError(try workplace.charrnn("runs", "--in", "elsewhere"), 66, "elsewhere")
  }
}
