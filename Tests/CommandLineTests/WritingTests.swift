import CharrnnTestSupport
import Foundation
import Testing

/// Ways of `sample` to write other than from the beginning to the end.
@Suite struct WritingTests {
  private let workplace: Workplace

  init() throws { workplace = try Trained.workplace.get() }

  private func sample(_ options: [String], input: String = "") throws -> Outcome {
    try workplace.charrnn(["sample", "run"] + options, input: input)
  }

  private func interactive(_ lines: String..., options: [String] = []) throws -> Outcome {
    try sample(
      ["--interactive", "--seed", "3", "--length", "12"] + options,
      input: lines.map { $0 + "\n" }.joined())
  }

  @Test func aGapIsFilled() throws {
    let outcome = try sample(["--fill", "the ___ and ___.", "--seed", "1", "--length", "8"])
    expectDone(outcome)
    #expect(outcome.text.wholeMatch(of: /the (.{1,8}) and (.{1,8})\.\n/) != nil, "\(outcome.text)")
    #expect(try sample(["--fill", "the ___ and ___.", "--seed", "1", "--length", "8"]).text == outcome.text)
    let several = try sample(["--fill", "the ___.", "--count", "3"])
    expectDone(several, "writes the same again")
    #expect(several.text.split(separator: "----\n").count == 3)
    expectError(try sample(["--fill", "the fox"]), 64, "--fill 'the fox' has no gap; write one as ___")
    expectError(try sample(["--fill", "Ж ___"]), 65, "Ж")
    expectError(try sample(["--fill", "a ___", "--prime", "a"]), 64, "--prime does not go with --fill")
    expectError(try sample(["--fill", "a ___", "--length", "0"]), 64, "no room in a gap")
  }

  @Test func aBeamFindsTextsThatNeedNoSeed() throws {
    let outcome = try sample(["--beam", "4", "--length", "20", "--prime", "the "])
    expectDone(outcome)
    #expect(outcome.text.hasPrefix("the ") && outcome.text.count == 25 && outcome.errors.isEmpty)
    #expect(try sample(["--beam", "4", "--length", "20", "--prime", "the "]).text == outcome.text)
    let greedy = try sample(["--greedy", "--length", "20", "--prime", "the "]).text
    #expect(try sample(["--beam", "1", "--length", "20", "--prime", "the "]).text == greedy)
    #expect(try sample(["--beam", "4", "--count", "3"]).text.split(separator: "----\n").count == 3)
    expectError(try sample(["--beam", "2", "--count", "3"]), 64, "--beam 2 finds no more than 2 texts")
    expectError(try sample(["--beam", "2", "--seed", "3"]), 64, "--seed does not go with --beam")
    expectError(try sample(["--beam", "2", "--fill", "a___"]), 64, "two ways to write")
  }

  /// The text that is accepted is on standard output; what is only drafted is not.
  @Test func aDialogueWritesWhatIsAccepted() throws {
    let first = try interactive("the ", ":q")
    expectDone(first, "Type a beginning", "not accepted are left out")
    #expect(first.text == "the ")
    let accepted = try interactive("the ", "", ":q")
    #expect(accepted.text.hasPrefix("the ") && (5...16).contains(accepted.text.count), "\(accepted.text)")
    let written = try interactive("the ", "fox.", ":q")
    #expect(written.text == accepted.text + "fox.")
    #expect(try interactive("the ", "", ":u", ":u", ":q").text == "the ")
    #expect(try interactive(":q").text.isEmpty)
    #expect(try interactive("the ", "").text == accepted.text, "the input's end is an end too")
  }

  /// The line that a draft goes on with, and the draft, are shown once each.
  @Test func whatIsShownIsTheText() throws {
    let outcome = try interactive("the ", "", "", ":q")
    let shown = outcome.errors.split(separator: "> ", omittingEmptySubsequences: false).dropFirst()
    let lines = outcome.text.split(separator: "\n", omittingEmptySubsequences: false)
    let first = try #require(shown.first).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(outcome.text.hasPrefix(first.dropLast().joined(separator: "\n")), "\(outcome.errors)")
    #expect(first[0] == lines[0].prefix(first[0].count) && first[0].hasPrefix("the "))
  }

  @Test func aDraftEndsWithAWord() throws {
    for seed in 1...5 {
      let outcome = try sample(["--interactive", "--seed", "\(seed)", "--length", "30"], input: "the \n\n:q\n")
      #expect(outcome.text.last?.isWhitespace == true, "\(outcome.text)")
    }
  }

  @Test func aDraftIsWrittenAgainOrKeptInPart() throws {
    let (first, again) = (try interactive("the ", "", ":q").text, try interactive("the ", ":r", "", ":q").text)
    #expect(first != again && again.hasPrefix("the "))
    let kept = try interactive("the ", ":k 1", ":q").text
    #expect(first.hasPrefix(kept) && kept.count > 4 && kept.count <= first.count)
    expectDone(try interactive("the ", ":k x", ":what", ":q"), ":k needs a number of words", "take back the last part")
    expectDone(try interactive("the ", ":what", ":q"), "no command \":what\"")
    expectDone(try interactive("::the", ":q"), "the model does not know")
  }

  @Test func inputThatCannotBeReadIsAnError() throws {
    let outcome = try workplace.shell("$0 sample run --interactive < run")
    #expect(outcome.code == 74 && outcome.errors.contains("standard input: cannot read: is a directory"))
    #expect(try sample(["--interactive"], input: String(repeating: "a", count: 2 << 20)).code == 74)
  }

  @Test func unknownSymbolsAreSkippedWhereAskedFor() throws {
    expectDone(try sample(["--fill", "Жthe ___", "--unknown", "skip", "--seed", "1"]), "skipped 1 character of --fill")
    #expect(try interactive("Жa", ":q", options: ["--unknown", "skip"]).text == "a")
  }

  @Test func aLineEndAndAnUnknownSymbolMayBeTyped() throws {
    #expect(try interactive(#"a\nfox"#, ":q").text == "a\nfox")
    let outcome = try interactive("Ж", "a", ":q")
    expectDone(outcome, "write it in other words")
    #expect(outcome.text == "a")
  }

  @Test func theTextIsSavedToANewFile() throws {
    let place = try Workplace()
    let saved = place.path(of: "story.txt")
    expectDone(try interactive("the ", ":w \(saved)", ":w \(saved)", ":q"), "wrote \(saved)", "is there already")
    #expect(try String(contentsOfFile: saved, encoding: .utf8).hasPrefix("the "))
    expectDone(try interactive("the ", ":w \(saved)/no", ":q"), "story.txt/no")
  }

  /// The input stays open: nothing but the signal can end it.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalEndsADialogueWithWhatWasAccepted(signal: Int32) throws {
    let place = try Workplace()
    #expect(mkfifo(place.path(of: "input"), 0o600) == 0)
    let model = workplace.path(of: "run")
    let line = "exec $0 sample \(model) --interactive --seed 1 --length 5 < input"
    let running = try place.start(
      ["-c", line, Workplace.command.path], executable: URL(fileURLWithPath: "/bin/sh"))
    let input = try #require(FileHandle(forWritingAtPath: place.path(of: "input")))
    try input.write(contentsOf: Data("the \n\n".utf8))
    func prompts() -> Int {
      ((try? String(contentsOf: running.errors, encoding: .utf8)) ?? "").ranges(of: "> ").count
    }
    try wait { prompts() == 3 }
    kill(running.process.processIdentifier, signal)
    let outcome = try running.outcome()
    #expect(outcome.code == 128 + signal, "\(outcome.errors)")
    #expect(outcome.text.hasPrefix("the ") && outcome.text.count > 4, "\(outcome.text)")
    try input.close()
  }

  @Test func optionsThatDoNotGoWithADialogueAreRefused() throws {
    for option in [["--count", "2"], ["--json"], ["--matching", "a"], ["--new"]] {
      expectError(try sample(["--interactive"] + option), 64, "\(option[0]) does not go with --interactive")
    }
    expectError(try sample(["--interactive", "--prime-file", "-"]), 64, "--interactive reads standard input")
  }
}
