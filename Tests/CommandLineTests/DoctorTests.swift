import CharrnnTestSupport
import Foundation
import Testing

@Suite struct DoctorTests {
  /// Everything that is said of a text with a little of each fault.
  @Test func aTextIsExamined() throws {
    let workplace = try Workplace()
    let line = "a line that is long enough to be no chance\n"
    let text = fable + line + line + "schÃ\u{B6}n, a \u{FFFD} and a \u{200B}, and q\n"
    try workplace.write(text, to: "text.txt")
    let options = ["doctor", "text.txt", "--hidden", "8", "--steps", "30", "--threads", "1"]
    let outcome = try workplace.charrnn(options)
    expectDone(outcome)
    #expect(!workplace.exists("runs"), "a forecast leaves nothing")
    let table = outcome.text
    for part in ["odd symbols", "\u{FFFD} (1)", "\\u{200B} (1)", "1 pairs like", "5-gram", "lstm 1×8", "about "] {
      #expect(table.contains(part), "\(part): \(table)")
    }
    let report = try workplace.charrnn(options + ["--json"]).json()
    #expect(report["characters"] as? Int == text.count && report["misread_characters"] as? Int == 1)
    #expect((report["suspicious_symbols"] as? [String: Int])?.count == 2, "\(report)")
    #expect(try #require(report["rare_symbols"] as? [String]).contains("ö") == false)
    #expect(abs(try #require(report["repeated_share"] as? Double) - Double(line.count - 1) / Double(text.count)) < 0.01)
    let parts = try #require(report["parts"] as? [String: Int])
    #expect(parts.values.reduce(0, +) == text.count && report["steps"] as? Int == 30)
    #expect(
      Set(try #require(report["baselines"] as? [String: Double]).keys) == ["uniform", "unigram", "five_gram", "ppm"])
    #expect((report["seconds"] as? Double ?? 0) > 0 && (report["memory_mb"] as? Double ?? 0) > 5)

    // The command line is the one that `train` prints.
    let command = try #require(report["command"] as? String)
    let train = try workplace.charrnn(["train"] + options.dropFirst())
    expectDone(train, "said explicitly: \(command)")
  }

  @Test func aListAndOtherOptionsAreExaminedToo() throws {
    let workplace = try Workplace()
    try workplace.write((0..<250).map { "item\($0 % 90)\n" }.joined(), to: "list.txt")
    let options = ["doctor", "list.txt", "--hidden", "4", "--batch", "2", "--length", "8", "--json"]
    let list = try workplace.charrnn(options + ["--steps", "5"]).json()
    #expect(list["items"] as? Bool == true)
    let timed = try workplace.charrnn(options + ["--plain", "--time", "2m", "--validation-fraction", "0"]).json()
    #expect(timed["steps"] is NSNull && (timed["seconds"] as? Double ?? 0) >= 120 && timed["items"] as? Bool == false)
    expectDone(
      try workplace.charrnn(options + ["--plain", "--schedule", "cosine", "--epochs", "2", "--tokens", "byte"]))
    expectError(try workplace.charrnn("doctor", "missing.txt"), 66, "missing.txt")
    try workplace.write("a", to: "tiny.txt")
    expectError(try workplace.charrnn("doctor", "tiny.txt"), 65, "the text is too small")
  }
}
