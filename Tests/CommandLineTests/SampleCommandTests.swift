import CharrnnTestSupport
import Foundation
import Testing

/// Options of `sample` on what a text may be, and on how it is shown.
@Suite struct SampleCommandTests {
  private func sample(_ options: String...) throws -> Outcome {
    try Trained.workplace.get().charrnn(
      ["sample", "run"] + (options.contains("--length") ? [] : ["--length", "60"]) + options)
  }

  /// Without a seed each text is another, and the one that is said writes it again.
  @Test func theSeedThatIsSaidWritesTheSameAgain() throws {
    let first = try sample()
    expectDone(first, "writes the same again")
    let seed = try #require(first.errors.firstMatch(of: /--seed (\d+)/)?.1)
    let again = try sample("--seed", String(seed))
    #expect(again.text == first.text && again.errors.isEmpty)
    #expect(try sample().text != first.text)
    #expect(try sample("--greedy").errors.isEmpty, "nothing is drawn")
    let warm = try sample("--seed", "1", "--temperature", "0.8")
    #expect(try sample("--seed", "1").text == warm.text)
  }

  @Test func aStopMayHoldALineEnd() throws {
    let text = try sample("--seed", "1", "--length", "400").text
    let line = try #require(text.split(separator: "\n", omittingEmptySubsequences: false).first)
    #expect(try sample("--seed", "1", "--length", "400", "--stop", #"\n"#).text == line + "\n")
    expectError(try sample("--stop", #"\end"#), 64, #"--stop: "\end" is not a text"#, #"\n, \r, \t and \\"#)
    #expect(try sample("--seed", "1", "--stop", #"\\"#).code == 65, "the text has no backslash")
  }

  @Test func aTextMatchesItsExpression() throws {
    for seed in 1...3 {
      let outcome = try sample("--matching", "[a-z]{2,5}( [a-z]+){2}[.]", "--seed", "\(seed)")
      expectDone(outcome)
      #expect(outcome.text.wholeMatch(of: /[a-z]{2,5}( [a-z]+){2}[.]\n/) != nil, "\(outcome.text)")
    }
    expectError(try sample("--matching", "a("), 64, "--matching 'a(': a ( without its ), at character 2")
    expectError(try sample("--matching", "Ж+"), 65, "--matching", "no text of the model's symbols matches it")
    expectError(try sample("--matching", "[a-z]{80}"), 64, "at least 80 tokens, and 60", "give a larger --length")
    expectError(try sample("--matching", "a+", "--stop", "b"), 64, "--stop can keep a text from matching --matching")
  }

  @Test func probabilitiesAreShown() throws {
    let table = try sample("--probabilities", "--seed", "1", "--length", "5").text.split(separator: "\n")
    #expect(table.count == 5)
    for line in table {
      #expect(line.wholeMatch(of: /\d\.\d{4}\t"[^\t]*"\t("[^\t]*" \d\.\d{4}(  )?){5}/) != nil, "\(line)")
    }
    let outcome = try sample("--json", "--probabilities", "--seed", "1", "--length", "5", "--count", "2")
    expectDone(outcome)
    let report = try outcome.json()
    #expect(report["seed"] as? Int == 1 && report["temperature"] as? Double == 0.8)
    let texts = try #require(report["texts"] as? [[String: Any]])
    #expect(texts.count == 2)
    for text in texts {
      let tokens = try #require(text["tokens"] as? [[String: Any]])
      #expect(tokens.compactMap { $0["token"] as? String }.joined() == text["text"] as? String)
      for token in tokens {
        let likeliest = try #require(token["likeliest"] as? [[String: Any]])
        let probabilities = likeliest.compactMap { $0["probability"] as? Double }
        #expect(probabilities.count == 5 && probabilities == probabilities.sorted(by: >))
        #expect(probabilities.reduce(0, +) <= 1 + 1e-9)
        let own = try #require(token["probability"] as? Double)
        let same = likeliest.first { $0["id"] as? Int == token["id"] as? Int }
        #expect(own <= probabilities[0] && same.map { $0["probability"] as? Double == own } ?? true)
      }
    }
    #expect(try sample("--json", "--greedy").json()["seed"] is NSNull)
  }

  /// A model of bytes writes those of another encoding only where it may.
  @Test func rawBytesAreWrittenWhereAskedFor() throws {
    let workplace = try Workplace()
    let latin = Array(repeating: Array("caf".utf8) + [0xE9, 0x20], count: 400).flatMap(\.self)
    try workplace.write(latin, to: "latin.txt")
    let train = ["train", "latin.txt", "--tokens", "byte", "--steps", "80", "--learning-rate", "0.02", "--out", "run"]
    expectDone(try workplace.charrnn(train + small))
    let command = ["sample", "run", "--greedy", "--length", "40"]
    let raw = try workplace.charrnn(command + ["--raw-bytes"])
    expectDone(raw)
    #expect(raw.output.contains(0xE9) && raw.output.count == 41)
    #expect(try !workplace.charrnn(command).output.contains(0xE9))
    expectError(try sample("--raw-bytes"), 64, "--raw-bytes is for models of bytes")
    expectError(try workplace.charrnn(command + ["--raw-bytes", "--json"]), 64, "--json is valid UTF-8")
  }

  @Test func noMoreIsCopiedThanAskedFor() throws {
    let outcome = try sample("--max-verbatim", "3", "--seed", "1")
    expectDone(outcome)
    let text = Array(outcome.text.dropLast(outcome.text.hasSuffix("\n") ? 1 : 0))
    #expect(text.count > 20)
    for start in 0..<text.count - 4 { #expect(!fable.contains(String(text[start..<start + 4]))) }
    let workplace = try Trained.workplace.get()
    expectError(
      try workplace.charrnn("sample", "run/best.safetensors", "--max-verbatim", "3"), 64, "--max-verbatim needs it")
  }
}
