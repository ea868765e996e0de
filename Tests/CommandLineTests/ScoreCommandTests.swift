import CharrnnTestSupport
import Foundation
import Testing

@Suite struct ScoreCommandTests {
  private let workplace: Workplace

  init() throws { workplace = try Trained.workplace.get() }

  private func objects(_ outcome: Outcome) throws -> [[String: Any]] {
    expectDone(outcome)
    return try outcome.text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func theBitsOfAllCharactersAreTheLossOfEvaluate() throws {
    let characters = try objects(try workplace.charrnn("score", "run", "fable.txt", "--json"))
    #expect(characters.compactMap { $0["text"] as? String }.joined() == fable)
    let bits = characters.compactMap { $0["bits"] as? Double }.reduce(0, +)
    let report = try workplace.charrnn("evaluate", "run", "fable.txt", "--split", "all", "--json").json()
    let (loss, tokens) = (try #require(report["loss"] as? Double), try #require(report["tokens"] as? Int))
    #expect(abs(bits * log(2) - loss * Double(tokens)) < 1e-9 * loss * Double(tokens))
    #expect(characters[0]["bits"] is NSNull && (characters[1]["likeliest"] as? [Any])?.count == 3)
    let lines = fable.split(separator: "\n", omittingEmptySubsequences: false).count - (fable.hasSuffix("\n") ? 1 : 0)
    #expect(characters.last?["line"] as? Int == lines)
  }

  @Test func everyLineIsShownAfterItsBits() throws {
    let outcome = try workplace.charrnn("score", "run", "fable.txt")
    expectDone(outcome, "bits per character; before each line its own")
    let lines = outcome.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(lines.allSatisfy { $0.prefixMatch(of: /\ {2}\d\.\d\d {2}/) != nil })
    #expect(lines.map { $0.dropFirst(8) }.joined(separator: "\n") == fable.trimmingCharacters(in: .newlines))
  }

  @Test func theOddestLinesAreRanked() throws {
    let lines = fable.split(separator: "\n", omittingEmptySubsequences: false)
    let outcome = try workplace.charrnn("score", "run", "fable.txt", "--lines", "3")
    expectDone(outcome)
    let rows = outcome.text.split(separator: "\n")
    #expect(rows.count == 4 && rows[0] == "oddness    bits  line  text")
    let ranked = try objects(try workplace.charrnn("score", "run", "fable.txt", "--lines", "3", "--json"))
    let oddness = ranked.compactMap { $0["oddness"] as? Double }
    #expect(oddness.count == 3 && oddness == oddness.sorted(by: >))
    for (row, line) in zip(rows.dropFirst(), ranked) {
      let (number, text) = (try #require(line["line"] as? Int), try #require(line["text"] as? String))
      #expect(text == lines[number - 1] + "\n")
      let found = try #require(row.wholeMatch(of: /\ +(\S+) +(\S+) +(\d+) {2}(.+)/))
      #expect(Int(found.3) == number && found.4 == lines[number - 1])
      let bits = try #require(line["bits"] as? Double)
      #expect(String(format: "%.2f", oddness[rows.dropFirst().firstIndex(of: row)! - 1]) == found.1)
      #expect(String(format: "%.1f", bits) == found.2)
    }
  }

  @Test func aPageIsWritten() throws {
    let outcome = try workplace.charrnn("score", "run", "fable.txt", "--html", "score.html")
    expectDone(outcome, "wrote score.html")
    #expect(outcome.output.isEmpty)
    #expect(String(decoding: try workplace.bytes(of: "score.html"), as: UTF8.self).hasPrefix("<!DOCTYPE html>"))
    expectError(try workplace.charrnn("score", "run", "fable.txt", "--html", "no/score.html"), 73, "no/score.html")
  }

  /// Neither through another name.
  @Test(arguments: ["text.txt", "link.txt", "run/best.safetensors", "run/config.json", "run/metrics.jsonl"])
  func aPageTakesNoPlaceOfWhatIsRead(path: String) throws {
    let place = try Workplace()
    try place.write(fable, to: "text.txt")
    expectDone(try place.charrnn(["train", "text.txt", "--out", "run", "--steps", "1"] + small))
    try FileManager.default.createSymbolicLink(atPath: place.path(of: "link.txt"), withDestinationPath: "text.txt")
    let before = try place.bytes(of: path)
    for command in ["score", "neurons"] {
      expectError(
        try place.charrnn(command, "run", "text.txt", "--html", path), 64, "--html \(path) is a file that is read")
    }
    #expect(try place.bytes(of: path) == before)
    if path.hasPrefix("run/") { #expect(try place.charrnn("compare", "run", "--html", path).code == 64) }
  }

  @Test func whatTheTextHoldsIsPrintable() throws {
    let place = try Workplace()
    try place.write(fable + "the \u{1B}[31mfox\n", to: "escape.txt")
    expectDone(try place.charrnn(["train", "escape.txt", "--out", "run", "--steps", "1"] + small))
    let outcome = try place.charrnn("score", "run", "escape.txt")
    expectDone(outcome)
    #expect(outcome.text.hasSuffix("the \\u{1B}[31mfox\n") && !outcome.text.contains("\u{1B}"))
  }

  @Test func aTextIsReadAsEverywhere() throws {
    try workplace.write("the Жfox\n", to: "unknown.txt")
    let refused = try workplace.charrnn("score", "run", "unknown.txt")
    #expect(refused.code == 65 && refused.errors.contains("--unknown skip"))
    let skipping = try workplace.charrnn("score", "run", "unknown.txt", "--unknown", "skip")
    expectDone(skipping, "skipped 1 character that")
    #expect(skipping.text.hasSuffix("the fox\n"))
    expectDone(
      try workplace.charrnn("neurons", "run", "unknown.txt", "--unknown", "skip"), "skipped 1 character that")
    expectError(try workplace.charrnn("score", "run", "missing.txt"), 66, "missing.txt")
    try workplace.write("a", to: "short.txt")
    #expect(try workplace.charrnn("score", "run", "short.txt").code == 65)
  }
}
