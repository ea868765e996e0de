import CharrnnTestSupport
import Foundation
import TensorCheckpoints
import Testing

/// A number from a file or an option that is too large, or too small, for anything to be computed from it is refused where
/// it is read: never a trap, and one line that names it.
@Suite struct OutsideNumberTests {
  private static let huge = [
    "-1", "0", "9223372036854775807", "-9223372036854775808", "4611686018427387904", "1e300", "1000000000000000",
  ]

  /// A copy of the trained run.
  private func copiedRun() throws -> Workplace {
    let copy = try Workplace()
    let trained = try Trained.workplace.get()
    for name in ["fable.txt", "run"] {
      try FileManager.default.copyItem(atPath: "\(trained.path)/\(name)", toPath: "\(copy.path)/\(name)")
    }
    return copy
  }

  /// The state of a run, its seal renewed, with a number of its settings or of its progress replaced.
  @Test(arguments: [
    (#""length":8"#, #""varied":true,"length":"#), (#""batch":4"#, #""batch":"#), (#""hidden":8"#, #""hidden":"#),
    (#""layers":2"#, #""layers":"#), (#""length":8"#, #""length":8,"backwardLength":"#),
    (#""length":8"#, #""length":8,"horizon":"#), (#""length":8"#, #""length":8,"validateEvery":"#),
    (#""length":8"#, #""length":8,"patience":"#), (#""step":20"#, #""step":"#), (#""updates":20"#, #""updates":"#),
    (#""rollbacks":0"#, #""rollbacks":"#), (#""skipped":0"#, #""skipped":"#), (#""lossCount":"#, #""lossCount":1"#),
    (#""seed":1"#, #""seed":"#),
  ])
  func aNumberInTheStateOfARunIsCheckedBeforeItIsUsed(from: String, to: String) throws {
    let workplace = try copiedRun()
    let path = workplace.path + "/run/last.safetensors"
    let whole = try Checkpoint(contentsOf: path)
    let text = try #require(whole.metadata["run"])
    #expect(text.contains(from), "the test is out of date: \(text)")
    for number in Self.huge {
      var changed = whole
      changed.metadata["run"] = text.replacingOccurrences(of: from, with: to + number)
      try changed.write(to: path)
      let outcome = try workplace.charrnn("train", "fable.txt", "--resume", "--out", "run", "--steps", "21")
      // A few of these numbers are allowed, such as a step that was never reached and a seed of any size.
      #expect([0, 64, 65].contains(outcome.code), "\(to)\(number): \(outcome.code) \(outcome.errors)")
      #expect(outcome.code == 0 || outcome.errorLines.count == 1, "\(outcome.errors)")
    }
  }

  @Test func aHugeLengthThatVariesIsRefused() throws {
    let workplace = try copiedRun()
    let path = workplace.path + "/run/last.safetensors"
    var checkpoint = try Checkpoint(contentsOf: path)
    checkpoint.metadata["run"] = checkpoint.metadata["run"]?
      .replacingOccurrences(of: #""length":8"#, with: #""length":9223372036854775807,"varied":true"#)
    try checkpoint.write(to: path)
    expectError(
      try workplace.charrnn("train", "fable.txt", "--resume", "--out", "run"), 65, "run/last.safetensors", "length")
  }

  @Test(arguments: ["2e20", "1e10", "1e308", "inf", "nan", "0", "-1"])
  func aBenchmarkTakesATimeOfAtMost32Years(seconds: String) throws {
    let workplace = try Trained.workplace.get()
    expectError(try workplace.charrnn("benchmark", "fable.txt", "--seconds=\(seconds)"), 64, "--seconds", "of at most")
  }

  @Test(arguments: [
    ("epochs", "-1"), ("epochs", "2.5"), ("epochs", "9223372036854775807"), ("steps", "0"), ("steps", "\"many\""),
    ("steps", "1e300"), ("steps", "[1]"), ("time", "-5"), ("time", "0"), ("time", "1e300"), ("time", "\"1h\""),
  ])
  func aLimitThatWasEditedByHandIsNamedWithItsFile(member: String, value: String) throws {
    let workplace = try copiedRun()
    try workplace.write(#"{"\#(member)":\#(value)}"#, to: "run/config.json")
    let outcome = try workplace.charrnn("train", "fable.txt", "--resume", "--out", "run")
    expectError(outcome, 65, "run/config.json", member)
  }

  @Test func oneBadMemberDoesNotHideTheOthers() throws {
    let workplace = try copiedRun()
    try workplace.write(#"{"corpora":5,"steps":22,"anything":[]}"#, to: "run/config.json")
    expectDone(try workplace.charrnn("train", "fable.txt", "--resume", "--out", "run"))
    let metrics = String(decoding: try workplace.bytes(of: "run/metrics.jsonl"), as: UTF8.self)
    #expect(metrics.contains(#""step":22"#))
  }

  @Test func anOptionOverridesALimitThatWasEditedByHand() throws {
    let workplace = try copiedRun()
    try workplace.write(#"{"steps":-7}"#, to: "run/config.json")
    expectDone(try workplace.charrnn("train", "fable.txt", "--resume", "--out", "run", "--steps", "21"))
    try workplace.write("{", to: "run/config.json")
    expectError(try workplace.charrnn("train", "fable.txt", "--resume", "--out", "run"), 65, "config.json")
  }
}
