import CharrnnTestSupport
import Foundation
import Testing

@Suite struct UsageTests {
  static let commands = [
    "train", "sample", "evaluate", "score", "neurons", "compress", "decompress", "inspect", "runs", "compare", "report",
    "export", "import", "verify",
    "gradcheck", "benchmark", "devices", "doctor", "completions", "man",
  ]

  @Test func helpAndVersionAreForStandardOutputWithSuccess() throws {
    let workplace = try Workplace()
    let version = try workplace.charrnn("--version")
    expectDone(version)
    #expect(version.text.hasPrefix("charrnn ") && version.text.contains("(") && version.errors.isEmpty)
    let program = try workplace.charrnn("--help")
    expectDone(program)
    #expect(try workplace.charrnn("help").text == program.text)
    let lines = program.text.split(separator: "\n", omittingEmptySubsequences: false)
    let listed = lines.drop { $0 != "Commands:" }.dropFirst().prefix { !$0.isEmpty }
    #expect(listed.map { $0.split(separator: " ")[0] } == Self.commands.map { $0[...] })
    for command in Self.commands {
      let help = try workplace.charrnn(command, "--help")
      expectDone(help)
      #expect(help.errors.isEmpty)
      #expect(help.text.contains("charrnn \(command)") && help.text.contains("--help"))
    }
    let train = try workplace.charrnn("train", "--help-all").text
    for option in [
      "out", "cell", "layers", "hidden", "embedding", "tie", "layer-norm", "projection", "heads", "residual",
      "learned-state",
      "dropout", "locked-dropout", "embedding-dropout", "weight-drop", "zoneout", "activation-regularization",
      "temporal-regularization", "weight-decay", "batch", "length", "backward-length", "vary-length", "epochs", "steps",
      "time", "optimizer", "learning-rate", "schedule", "average", "config", "plain", "clip", "validation-fraction",
      "test-fraction", "patience",
      "tokens", "symbols", "tokenizer", "precision",
      "threads", "device", "seed", "validate-every", "sample-every", "checkpoint-every", "tensorboard", "overwrite",
      "resume",
      "init-from",
    ] { #expect(train.contains("--\(option)")) }
    let usual = try workplace.charrnn("train", "--help").text
    #expect(usual.count { $0 == "\n" } <= 40 && usual.contains("--help-all"), "it fits a screen")
    #expect(try workplace.visibleNames.isEmpty)
  }

  /// Scripts for shells and the manual page have every command and option.
  @Test(arguments: ["bash", "zsh", "fish", "man"])
  func everyOptionIsCompletedAndDescribed(kind: String) throws {
    let workplace = try Workplace()
    let made = try workplace.charrnn(kind == "man" ? ["man"] : ["completions", kind])
    expectDone(made)
    let text = kind == "man" ? made.text.replacing("\\-", with: "-") : made.text
    for command in Self.commands.dropLast(2) {
      #expect(text.contains(command))
      let help = try workplace.charrnn(command, "--help-all").text
      for option in help.matches(of: /\n  --([a-z-]+)/) where option.1 != "help-all" {
        #expect(text.contains(kind == "fish" ? "-l \(option.1)" : "--\(option.1)"), "\(command) \(option.1)")
      }
    }
    expectError(try workplace.charrnn("completions", "tcsh"), 64, "\"tcsh\" is not one of bash, zsh, fish")
  }

  @Test func wrongUsageIsAnsweredWith64OneLineAndWhatWasMeant() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectError(try workplace.charrnn(), 64, "train")
    expectError(try workplace.charrnn("trian", "fable.txt"), 64, "train")
    expectError(try workplace.charrnn("train"), 64, "CORPUS")
    expectError(try workplace.charrnn("train", "fable.txt", "--hiden", "8"), 64, "--hiden", "--hidden")
    expectError(try workplace.charrnn("train", "fable.txt", "--hidden"), 64, "--hidden")
    expectError(try workplace.charrnn("train", "fable.txt", "--hidden", "many"), 64, "--hidden", "many")
    expectError(try workplace.charrnn("train", "fable.txt", "--hidden", "0"), 64, "--hidden")
    expectError(try workplace.charrnn("train", "fable.txt", "--cell", "lstn"), 64, "lstm")
    expectError(try workplace.charrnn("train", "fable.txt", "--dropout=1"), 64, "--dropout")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--embedding", "64", "--tie"), 64, "embedding is 64, hidden is 128")
    expectError(try workplace.charrnn("gradcheck", "--tie"), 64, "need an embedding", "make it 8")
    expectError(try workplace.charrnn("train", "fable.txt", "--time", "soon"), 64, "--time")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--validation-fraction", "1/2"), 64, "--validation-fraction")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--validation-fraction", "0.5", "--test-fraction", "0.5"), 64, "0.5")
    expectError(try workplace.charrnn("train", "fable.txt", "--resume", "--overwrite"), 64, "--overwrite")
    expectError(try workplace.charrnn("sample", "a", "b"), 64)
    expectError(try workplace.charrnn("sample", "a", "--greedy", "--top-k", "3"), 64, "--top-k")
    for count in ["0", "2000000000", "9223372036854775807"] {
      expectError(try workplace.charrnn("sample", "a", "--count", count), 64, "--count", "at most")
    }
    expectError(try workplace.charrnn("sample", "a", "--stop", ""), 64, "--stop")
    expectError(try workplace.charrnn("--version", "x"), 64, "x")
    expectError(try workplace.charrnn("evaluate", "run"), 66, "run: cannot open: no such file")
    expectError(try workplace.charrnn("gradcheck", "--break", "nothing"), 64, "decoder.weight")
    #expect(try workplace.visibleNames == ["fable.txt"])
  }
}
