import CharrnnTestSupport
import Foundation
import Testing

/// An option that cannot act is refused, or says so.
@Suite struct EffectlessOptionTests {
  @Test func whatFollowsValidationsNeedsTokensHeldOut() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    for options in [["--patience", "3"], ["--schedule", "plateau"]] {
      for fraction in ["0", "0.0", "0.001"] {
        let words = ["train", "fable.txt", "--steps", "2", "--validation-fraction", fraction] + options + small
        expectError(
          try workplace.charrnn(words), 64, "\(options[0].dropFirst(2)) \(options[1]) needs validations",
          "--validation-fraction")
      }
    }
    #expect(try workplace.visibleNames == ["fable.txt"])
  }

  @Test func aPartThatIsTooSmallToMeasureOnIsSaid() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    func train(_ options: String...) throws -> Outcome {
      try workplace.charrnn(["train", "fable.txt", "--steps", "1"] + options + small)
    }
    expectDone(
      try train("--validation-fraction", "0.001"), "--validation-fraction 0.001 holds out nothing of this text")
    expectDone(try train("--test-fraction", "0.00001"), "--test-fraction 0.00001 holds out 1 token of this text")
    for words in [["--validation-fraction", "0"], ["--validation-fraction", "0.01"]] {
      #expect(try !train(words[0], words[1]).errors.contains("holds out"))
    }
  }

  @Test func optionsOfDrawingCannotActWhereNothingIsDrawn() throws {
    let workplace = try Trained.workplace.get()
    func sample(_ options: String...) throws -> Outcome {
      try workplace.charrnn(["sample", "run", "--length", "5"] + options)
    }
    for option in [["--top-k", "3"], ["--top-p", "0.5"], ["--min-p", "0.5"]] {
      expectError(try sample("--temperature", "0", option[0], option[1]), 64, "--temperature 0", option[0])
      expectError(try sample("--greedy", option[0], option[1]), 64, "--greedy", option[0])
    }
    expectError(try sample("--greedy", "--temperature", "1"), 64, "--temperature")
    expectDone(try sample("--temperature", "0", "--seed", "2"), "--seed changes nothing")
    expectDone(try sample("--greedy", "--count", "2"), "the 2 texts are the same")
    #expect(try sample("--seed", "2", "--count", "2").errors.isEmpty)
    expectError(try sample("--unknown", "skip"), 64, "--prime")
    expectError(try sample("--stop", "the Ж"), 65, "--stop 'the Ж'", "never writes it")
    #expect(try sample("--stop", "the x", "--seed", "1").errors.isEmpty)
  }

  @Test func otherOptionsThatCannotActAreRefused() throws {
    let workplace = try Trained.workplace.get()
    expectError(
      try workplace.charrnn(["benchmark", "fable.txt", "--sample", "0", "--weights", "int8"] + smallSize), 64,
      "--weights")
    let single = [
      "train", "fable.txt", "--length", "1", "--temporal-regularization", "2", "--steps", "1", "--out", "none",
    ]
    expectError(try workplace.charrnn(single), 64, "temporal regularization", "length of 1")
    #expect(!workplace.exists("none"))
    // Dropout acts before the decoder too, and so on one layer.
    func bits(_ options: String...) throws -> Data {
      let words = ["gradcheck", "--layers", "1", "--hidden", "3", "--length", "3", "--json"] + options
      let outcome = try workplace.charrnn(words)
      expectDone(outcome)
      return outcome.output
    }
    #expect(try bits() != bits("--dropout", "0.5"))
    #expect(try bits() != bits("--locked-dropout", "0.5"))
  }
}
