import CharrnnTestSupport
import Testing

@Suite struct ChosenWeightsTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectDone(
      try workplace.charrnn(
        ["train", "fable.txt", "--out", "run", "--layers", "1", "--hidden", "8", "--batch", "2", "--length", "4"]
          + ["--steps", "3", "--plain"]))
  }

  /// `sample --weights auto` says in one note which format it takes, and why, and writes what it writes with that format.
  @Test func theChoiceIsSaidAndWritesWhatTheFormatWrites() throws {
    let sample = ["sample", "run", "--length", "40", "--seed", "3", "--weights"]
    let chosen = try workplace.charrnn(sample + ["auto"])
    expectDone(chosen)
    let note = #/charrnn: note: --weights auto: (?<format>\w+), [0-9.]+% (more|fewer) bits a token on 2000 tokens /#
    let format = try #require(chosen.errors.firstMatch(of: note)?.format, "\(chosen.errors)")
    #expect(chosen.errors.hasSuffix("that the model wrote\n") && chosen.errorLines.count == 1)
    #expect(try workplace.charrnn(sample + [String(format)]).text == chosen.text)
    #expect(try workplace.charrnn(sample + ["auto"]).errors == chosen.errors)
  }

  @Test func theFormatThatIsTakenIsInTheJSON() throws {
    func weights(_ words: String...) throws -> String? {
      try workplace.charrnn(["sample", "run", "--length", "4", "--json"] + words).json()["weights"] as? String
    }
    #expect(try weights() == "float32")
    #expect(try weights("--weights", "bfloat16") == "bfloat16")
    let chosen = try #require(try weights("--weights", "auto"))
    #expect(["float32", "bfloat16", "int8"].contains(chosen))
  }

  @Test func evaluateAndBenchmarkTakeTheChoiceToo() throws {
    let evaluate = ["evaluate", "run", "--split", "all", "--json", "--weights"]
    let chosen = try workplace.charrnn(evaluate + ["auto"])
    expectDone(chosen, "--weights auto: int8")
    #expect(try workplace.charrnn(evaluate + ["int8"]).output == chosen.output)
    #expect(try chosen.json()["weights"] as? String == "int8")
    let measured = try workplace.charrnn(
      ["benchmark", "fable.txt", "--seconds", "0.05", "--sample", "4", "--weights", "auto", "--json"] + smallSize)
    expectDone(measured, "--weights auto: ")
    #expect(try (measured.json()["weights"] as? String).map { measured.errors.contains("auto: \($0)") } == true)
  }

  @Test func theDefaultIsFloat32AndSaysNothing() throws {
    let sample = ["sample", "run", "--length", "40", "--seed", "3"]
    let (outcome, named) = (try workplace.charrnn(sample), try workplace.charrnn(sample + ["--weights", "float32"]))
    #expect(outcome.errors.isEmpty && outcome.output == named.output)
  }

  @Test func whatComputesInFloat32RefusesTheChoice() throws {
    expectError(try workplace.charrnn("evaluate", "run", "--dynamic", "--weights", "auto"), 64, "--weights")
    expectError(
      try workplace.charrnn(["benchmark", "fable.txt", "--sample", "0", "--weights", "auto"] + smallSize), 64,
      "--weights")
  }
}
