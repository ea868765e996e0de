import CharrnnCommandSupport
import Foundation
import Testing

@Suite("Program")
struct ProgramTests {
  /// Help is a page on standard output and no error, wherever it is asked for before --.
  @Test func helpIsAPageOnStandardOutput() throws {
    for words in [["--help"], ["-h"], ["--help", "brew"], ["help"], ["--version", "--help"]] {
      #expect(try run(words) == Outcome(output: Brew.program.helpText(), errors: "", code: .done))
    }
    for words in [
      ["help", "brew"], ["brew", "--help"], ["brew", "--bacth", "-h"], ["brew", "--batch", "--help"],
      ["brew", "p", "l", "-h", "--"],
    ] {
      #expect(try run(words) == Outcome(output: Brew.command.helpText(), errors: "", code: .done))
    }
    #expect(try run(["brew", "--", "p", "--help"]).code == .checkFailed)
  }

  @Test func theVersionIsOneLine() throws {
    #expect(try run(["--version"]) == Outcome(output: "charrnn 9.9 (portable)\n", errors: "", code: .done))
  }

  @Test func theCommandsExitCodeIsThePrograms() throws {
    #expect(try run(["brew", "pot", "leaf"]) == Outcome(output: "", errors: "", code: .checkFailed))
    #expect(try run(["rest"]) == Outcome(output: "", errors: "", code: .done))
  }

  @Test func anErrorIsOneLineOnStandardErrorWithItsCode() throws {
    let cases: [(words: [String], errors: String, code: ExitCode)] = [
      ([], "no command given; the commands are brew, rest, completions, man (see charrnn --help)", .usage),
      (["berw"], "unknown command \"berw\"; did you mean brew? (see charrnn --help)", .usage),
      (["qqqqq\n"], "unknown command \"qqqqq\\n\" (see charrnn --help)", .usage),
      (["help", "berw"], "unknown command \"berw\"; did you mean brew? (see charrnn --help)", .usage),
      (["--version", "x"], "unexpected argument \"x\" after --version (see charrnn --help)", .usage),
      (["--verison"], "unknown option --verison; did you mean --version? (see charrnn --help)", .usage),
      (["rest", "--halp"], "unknown option --halp; did you mean --help? (see charrnn rest --help)", .usage),
      (["brew", "broken", "l"], "the pot\\nis broken; \\u{1B}[31mmend it", .noInput),
      (["brew", "unknown", "l"], "brew: classified: odd", .badData),
    ]
    for (words, errors, code) in cases {
      #expect(try run(words) == Outcome(output: "", errors: "charrnn: error: \(errors)\n", code: code))
    }
  }

  @Test func aMessageIsOneLineWhateverItQuotes() {
    for value in UInt32(0)...0x3000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let line = errorLine("a\(scalar)b").dropLast()
      #expect(!line.unicodeScalars.contains { $0.value < 32 || (127...159).contains($0.value) || $0 == "\u{2028}" })
    }
    let long = "the same, said in words: charrnn train text.txt --steps 100000"
    #expect(noticeLine(long) == "charrnn: note: \(long)\n")
    #expect(noticeLine(long, width: 80) == noticeLine(long))
    #expect(
      noticeLine(long, width: 32)
        == "charrnn: note: the same, said in\n         words:\ncharrnn train text.txt --steps 100000\n")
    #expect(noticeLine("á 漢 🙂 \\ \u{202E}") == "charrnn: note: á 漢 🙂 \\ \\u{202E}\n")
  }

  @Test func aMessageIsOfBoundedLengthWhateverItQuotes() throws {
    for part in ["a", "\u{301}", "\n", "🙂"] {
      let long = String(repeating: part, count: 50_000)
      let line = errorLine(long)
      #expect(line.unicodeScalars.count <= 1020 && line.hasSuffix("…\n"))
      for words in [
        [long], ["--" + long], ["brew", "--" + long], ["brew", "--batch=" + long],
        ["brew", "p", "l", "--json=" + long],
      ] {
        let outcome = try run(words)
        #expect(outcome.code == .usage && outcome.errors.unicodeScalars.count < 700)
        #expect(outcome.errors.hasSuffix("--help)\n"), "\(words[0].prefix(20))")
      }
    }
    #expect(errorLine(String(repeating: "a", count: 1000)).count == 1017)
  }

  @Test func theExitCodesAreThoseOfTheContract() {
    #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 64, 65, 66, 69, 70, 73, 74, 75, 129, 130, 143])
  }

  struct Outcome: Equatable {
    var output: String
    var errors: String
    var code: ExitCode
  }

  private func run(_ words: [String]) throws -> Outcome {
    let (output, errors) = (Pipe(), Pipe())
    let code = Brew.program.run(
      words, output: OutputChannel(descriptor: output.fileHandleForWriting.fileDescriptor),
      errors: OutputChannel(descriptor: errors.fileHandleForWriting.fileDescriptor))
    return Outcome(output: try text(of: output), errors: try text(of: errors), code: code)
  }

  private func text(of pipe: Pipe) throws -> String {
    try pipe.fileHandleForWriting.close()
    return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  }
}
