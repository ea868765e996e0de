import CharrnnTestSupport
import Foundation
import Testing

/// Every command reads text by the same rules, and each text once.
@Suite struct TextInputTests {
  @Test func aPrimeIsReadAsACorpusIs() throws {
    let workplace = try Trained.workplace.get()
    try workplace.write("\u{FEFF}the fox\r\nand\r\n", to: "windows-prime.txt")
    let plain = try workplace.charrnn(
      "sample", "run", "--prime", "the fox\nand\n", "--length", "9", "--seed", "1")
    for words in [["--prime-file", "windows-prime.txt"], ["--prime", "\u{FEFF}the fox\r\nand\r\n"]] {
      let sample = try workplace.charrnn(["sample", "run", "--seed", "1", "--length", "9"] + words)
      expectDone(sample, "byte-order mark at its start is dropped", "lines end in CR LF", "they are read as LF")
      #expect(sample.text == plain.text)
      #expect(sample.errorLines.count == 2)
    }
    let piped = try workplace.charrnn(
      ["sample", "run", "--seed", "1", "--length", "9", "--prime-file", "-"], input: "the fox\rand\r")
    expectDone(piped, "standard input: lines end in CR, which the model does not know; they are read as LF")
    #expect(piped.text == plain.text)
    for empty in ["", "\u{FEFF}"] {
      expectDone(try workplace.charrnn("sample", "run", "--length", "2", "--prime", empty))
    }
  }

  /// A model of CR LF ends a text before its line ends, whichever kind the stop is given in.
  @Test func aStopIsReadAsACorpusIs() throws {
    let workplace = try Workplace()
    try workplace.write(fable.replacing("\n", with: "\r\n"), to: "windows.txt")
    expectDone(try workplace.charrnn(["train", "windows.txt", "--out", "run", "--steps", "20"] + small))
    let text = try workplace.charrnn("sample", "run", "--seed", "1", "--length", "200", "--temperature", "2").text
    let line = try #require(text.firstRange(of: "\r\n"))
    for stop in ["\r\n", "\n", "\r"] {
      let sample = try workplace.charrnn(
        "sample", "run", "--seed", "1", "--length", "200", "--temperature", "2", "--stop", stop)
      expectDone(sample)
      #expect(sample.text == text[..<line.lowerBound] + "\n")
      #expect(sample.errors.contains("line ends of --stop") == (stop != "\r\n"))
    }
  }

  @Test func aTextWithOtherLineEndsIsEvaluatedAsTheModelWritesThem() throws {
    let workplace = try Trained.workplace.get()
    try workplace.write(fable.replacing("\n", with: "\r\n"), to: "windows.txt")
    let expected = try workplace.charrnn("evaluate", "run", "fable.txt", "--split", "all").text
    for unknown in ["error", "skip"] {
      let outcome = try workplace.charrnn("evaluate", "run", "windows.txt", "--unknown", unknown)
      expectDone(outcome, "windows.txt: lines end in CR LF, which the model does not know; they are read as LF")
      #expect(outcome.text == expected)
    }
  }

  /// A hyphen is standard input, read once though a resume looks for the run of its corpus first.
  @Test func standardInputIsTrainedOnAndResumed() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let words = ["--sample-every", "0"] + small
    func train(_ options: String..., corpus: String = "-", input: String = fable) throws -> Outcome {
      try workplace.charrnn(["train", corpus] + options + words, input: input)
    }
    expectDone(try train("--resume", "--steps", "2"), "starting from the beginning", "standard input: \(fable.count)")
    #expect(workplace.exists("runs/stdin/last.safetensors"))
    expectDone(try train("--resume", "--steps", "4"), "resuming runs/stdin after step 2")
    expectDone(
      try workplace.shell("cat fable.txt | $0 train /dev/stdin --resume --steps 5"), "resuming runs/stdin after step 4")
    // Another text is another corpus, not a file that has changed.
    expectDone(try train("--resume", "--steps", "1", input: fable + "and\n"), "starting from the beginning")
    expectDone(
      try train("--resume", "--steps", "6", "--out", "runs/stdin"), "resuming runs/stdin after step 5")

    let evaluated = try workplace.charrnn(["evaluate", "runs/stdin", "-"], input: fable)
    expectDone(evaluated)
    #expect(evaluated.text == (try workplace.charrnn("evaluate", "runs/stdin", "fable.txt")).text)
    expectError(try train("fable.txt", "-", "--steps", "1"), 64, "standard input (-) is named twice")
    expectError(try train("--steps", "1", input: ""), 65, "standard input: the file is empty")
    expectError(
      try train("--steps", "1", input: "\u{FEFF}"), 65, "standard input: the file holds a byte-order mark alone")
  }

  /// A pipe can be read once, by whatever names it is given; a file can be read as often as it is named.
  @Test func aPipeGivenTwiceIsAUsageErrorThatNamesBoth() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    try #require(mkfifo(workplace.path + "/named.fifo", 0o600) == 0)
    func outcome(_ words: String) throws -> Outcome {
      try workplace.shell("cat fable.txt | $0 \(words) --hidden 4 --layers 1 --batch 2 --length 4")
    }
    let same = "are the same pipe, and can be read once; name it once"
    var pairs = [("-", "/dev/stdin"), ("/dev/fd/0", "-"), ("/dev/stdin", "/dev/fd/0")]
    #if os(Linux)
      pairs.append(("/dev/stdin", "/proc/self/fd/0"))
    #endif
    for (first, second) in pairs {
      let names = [first, second].map { $0 == "-" ? "standard input (-)" : $0 }
      expectError(
        try outcome("train \(first) fable.txt \(second) --steps 1"), 64, "\(names[0]) and \(names[1]) \(same)")
    }
    expectError(try outcome("train - - --steps 1"), 64, "standard input (-) is named twice, and can be read once")
    expectError(try outcome("train named.fifo named.fifo --steps 1"), 64, "named.fifo is named twice")
    expectError(try workplace.shell("cat fable.txt | $0 evaluate run /dev/stdin -"), 64, same)
    #expect(!workplace.exists("runs"))
    expectDone(try outcome("train fable.txt fable.txt - --steps 1"))
  }

  /// A pipe can be searched for in runs of several kinds of token.
  @Test func aPipeIsKeptForRunsOfEveryKindOfToken() throws {
    let workplace = try Workplace()
    for kind in ["byte", "scalar", "character"] {
      expectDone(
        try workplace.charrnn(["train", "-", "--tokens", kind, "--steps", "1"] + small, input: fable + kind))
    }
    let again = try workplace.charrnn(["train", "-", "--resume", "--steps", "2"], input: fable + "byte")
    expectDone(again, "resuming runs/stdin after step 1")
  }

  @Test func theHelpNamesStandardInput() throws {
    let workplace = try Workplace()
    for command in ["train", "evaluate", "benchmark"] {
      #expect(
        try workplace.charrnn(command, "--help").text.replacing("\n                            ", with: " ").contains(
          "- is standard input"))
    }
  }
}
