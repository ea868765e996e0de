import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import SequenceText
import Testing

/// Options that ask for something of the machine: threads, an instruction set, a precision, how weights are held.
@Suite struct MachineTests {
  /// Every command that computes on threads.
  private static let commands = [
    ["train", "fable.txt", "--out", "new", "--steps", "2"] + small, ["sample", "run", "--length", "4"],
    ["evaluate", "run", "fable.txt"], ["benchmark", "fable.txt", "--seconds", "0.05", "--sample", "4"] + smallSize,
  ]

  private func charrnn(_ words: [String], on set: String, in workplace: Workplace) throws -> Outcome {
    try workplace.shell(#"CHARRNN_ISA="# + "'\(set)'" + #" exec "$0" "# + words.joined(separator: " "))
  }

  /// Each of several processes would train the same run.
  @Test func aJobOfSeveralProcessesNeedsMPI() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let words = (["train", "fable.txt", "--out", "new", "--steps", "2"] + small).joined(separator: " ")
    for variables in ["OMPI_COMM_WORLD_SIZE=2", "PMI_SIZE=2", "PMIX_RANK=1 SLURM_STEP_NUM_TASKS=2"] {
      expectError(
        try workplace.shell("\(variables) exec \"$0\" \(words)"), 69, "one of 2 processes", "package trait MPI")
    }
    #expect(!workplace.exists("new"))
    expectDone(try workplace.shell("OMPI_COMM_WORLD_SIZE=1 exec \"$0\" \(words)"))
  }

  @Test(arguments: commands)
  func aNumberOfThreadsThatIsNoneIsRefusedAndNothingBegins(command: [String]) throws {
    let workplace = try Trained.workplace.get()
    for count in ["0", "-1", "two", "1.5", "9223372036854775808"] {
      let outcome = try workplace.charrnn(command + ["--threads", count])
      expectError(outcome, 64)
      #expect(
        outcome.errors == """
          charrnn: error: --threads: "\(count)" is not a whole number of at least 1 (see charrnn \(command[0]) --help)

          """)
    }
    #expect(!workplace.exists("new"))
  }

  /// More threads than cores are clamped, with one notice that tells how many there are.
  @Test(arguments: commands)
  func moreThreadsThanCoresAreClamped(command: [String]) throws {
    let workplace = try Workplace()
    let model = try Trained.workplace.get().path
    expectDone(try workplace.shell("cp -R '\(model)/run' '\(model)/fable.txt' ."))
    for count in [100_000, Int.max] {
      let again = command[0] == "train" ? ["--overwrite"] : []
      let outcome = try workplace.charrnn(command + again + ["--threads", "\(count)"])
      expectDone(outcome)
      let notices = outcome.errorLines.filter { $0.contains("--threads") }
      let cores = try #require(notices.first?.split(separator: " ").last.flatMap { Int($0) })
      #expect(
        notices == [
          "charrnn: note: --threads \(count) is more than this machine's \(cores) cores; using \(cores)"
        ])
    }
  }

  /// An instruction set is granted where the machine has it, and refused where not; what there is is told.
  @Test func anInstructionSetIsGrantedWhereTheMachineHasIt() throws {
    let workplace = try Trained.workplace.get()
    let refusal = try charrnn(["--version"], on: "abacus", in: workplace)
    expectError(refusal, 64)
    let known = "charrnn: error: CHARRNN_ISA=abacus names no known instruction set; this machine has "
    #expect(refusal.errors.hasPrefix(known + "reproducible, portable"))
    let list = refusal.errors.dropFirst(known.count).dropLast()
    let sets = list.split(separator: ", ").map(String.init)
    for set in ["reproducible", "portable", "avx2", "avx512", "amx"] {
      let outcome = try charrnn(["--version"], on: set, in: workplace)
      if sets.contains(set) {
        expectDone(outcome)
        #expect(outcome.text.hasSuffix("(\(set))\n"))
      } else {
        expectError(outcome, 64)
        #expect(
          outcome.errors
            == "charrnn: error: CHARRNN_ISA=\(set): this machine lacks that instruction set; it has \(list)\n")
      }
    }
    let usual = try workplace.charrnn("--version").text
    #expect(try charrnn(["--version"], on: "", in: workplace).text == usual, "an empty request is none")
    #expect(usual.hasSuffix("(\(try #require(sets.last)))\n"))
  }

  /// An instruction set that is none is refused by every command before it begins.
  @Test func anInstructionSetThatIsNoneIsRefusedByEveryCommand() throws {
    let workplace = try Trained.workplace.get()
    for command in Self.commands + [["inspect", "run"], ["gradcheck"], ["--help"], []] {
      expectError(try charrnn(command, on: "abacus", in: workplace), 64, "CHARRNN_ISA=abacus names no known")
    }
    for name in ["AVX2", "avx2 ", "avx2,amx", "avx\n2", String(repeating: "x", count: 5000)] {
      let outcome = try charrnn(Self.commands[0], on: name, in: workplace)
      expectError(outcome, 64, "CHARRNN_ISA=\(name.prefix(3))")
      #expect(outcome.errors.utf8.count < 1100)
    }
    #expect(!workplace.exists("new"))
  }

  /// A run that goes on under another instruction set says that its bits will differ, and under the same one nothing.
  @Test func anotherInstructionSetIsNoticedWhenARunIsResumed() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectDone(try charrnn(Self.commands[0], on: "portable", in: workplace))
    let same = try charrnn(Self.commands[0] + ["--resume"], on: "portable", in: workplace)
    expectDone(same)
    #expect(!same.errors.contains("its bits"))
    let usual = try workplace.charrnn("--version").text.split(separator: "(").last?.dropLast(2) ?? ""
    let other = try workplace.charrnn("train", "fable.txt", "--out", "new", "--resume", "--steps", "4")
    expectDone(other)
    #expect(usual == "portable" || other.errors.contains("saved under portable and goes on under \(usual): its bits"))
  }

  /// bfloat16 without support is refused, with what to do; a run in it is left as it is.
  @Test func bfloat16WithoutSupportIsRefused() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let refusal =
      "charrnn: error: precision bfloat16: neither AMX nor AVX512-BF16 is in the instruction set in use (portable); "
      + "use --precision float32"
    let precision = ["--precision", "bfloat16"]
    for command in Self.commands where ["train", "benchmark"].contains(command[0]) {
      let outcome = try charrnn(command + precision, on: "portable", in: workplace)
      expectError(outcome, 64)
      #expect(outcome.errors == "\(refusal) (see charrnn \(command[0]) --help)\n")
    }
    #expect(try workplace.visibleNames == ["fable.txt"])

    let trained = try workplace.charrnn(Self.commands[0] + precision)
    if trained.code != 0 { return expectError(trained, 64, "neither AMX nor AVX512-BF16") }
    let before = try workplace.bytes(of: "new/last.safetensors")
    let resumed = try charrnn(
      ["train", "fable.txt", "--out", "new", "--resume", "--steps", "4"], on: "portable", in: workplace)
    expectError(resumed, 64)
    #expect(
      resumed.errors.hasPrefix(refusal.replacing("use --precision float32", with: "resume it where there is one")),
      "\(resumed.errors)")
    let begun = try charrnn(
      ["train", "fable.txt", "--out", "other", "--init-from", "new", "--precision", "float32", "--steps", "4"]
        + smallSize,
      on: "portable", in: workplace)
    expectDone(begun)
    #expect(try workplace.bytes(of: "new/last.safetensors") == before)
    expectDone(try charrnn(["sample", "new", "--length", "4"], on: "portable", in: workplace))
  }

  /// Where it is slower than single precision, nothing new begins in it.
  @Test func splitBFloat16WithoutAMXIsRefused() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let commands = Self.commands.filter { ["train", "benchmark"].contains($0[0]) } + [["doctor", "fable.txt"]]
    for command in commands {
      let outcome = try charrnn(command + ["--precision", "split-bfloat16"], on: "portable", in: workplace)
      expectError(outcome, 64)
      #expect(
        outcome.errors == """
          charrnn: error: --precision split-bfloat16: made for AMX alone, and the instruction set in use \
          (portable) has none; leave --precision out (see charrnn \(command[0]) --help)

          """)
    }
    #expect(try workplace.visibleNames == ["fable.txt"])
  }

  /// Emulated, with a notice that it is; its model is sampled and evaluated as any other.
  @Test func aRunInSplitBFloat16GoesOnWithoutAMX() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    var settings = TrainingSettings()
    (settings.hidden, settings.batch, settings.length, settings.precision) = (8, 4, 8, .splitBFloat16)
    let run = try CharacterRun(
      settings: settings, corpus: Corpus(text: Array(fable.utf8), kind: .character),
      directory: RunDirectory(workplace.path(of: "run")))
    try run.train(limits: TrainingLimits(steps: 3), reporting: TrainingReporting(sampleEvery: 0))

    let resume = ["train", "fable.txt", "--out", "run", "--resume", "--steps", "6"]
    for words in [resume, resume + ["--precision", "split-bfloat16"]] {
      expectDone(
        try charrnn(words, on: "portable", in: workplace),
        "precision split-bfloat16 is emulated where AMX is not in the instruction set in use (portable)",
        "resuming run after step")
    }
    let configuration = String(decoding: try workplace.bytes(of: "run/config.json"), as: UTF8.self)
    #expect(configuration.contains(#""precision": "split-bfloat16""#), "\(configuration)")
    expectDone(try charrnn(["sample", "run", "--length", "4"], on: "portable", in: workplace))
    expectDone(try charrnn(["evaluate", "run", "fable.txt"], on: "portable", in: workplace))
  }

  @Test(arguments: ["lstm", "gru", "rnn", "rnn-relu"])
  func weightsHeldInFewerBytesPredictAlmostAsWell(cell: String) throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let model = ["--cell", cell, "--hidden", "24", "--embedding", cell == "rnn" ? "5" : "0"]
    expectDone(
      try workplace.charrnn(
        ["train", "fable.txt", "--out", "run", "--steps", "40", "--sample-every", "0", "--learning-rate", "0.01"]
          + model
          + ["--batch", "4", "--length", "8"]))
    func loss(_ format: String) throws -> Double {
      let outcome = try workplace.charrnn(
        "evaluate", "run", "fable.txt", "--split", "all", "--weights", format, "--json")
      expectDone(outcome)
      return try #require(try outcome.json()["loss"] as? Double)
    }
    let full = try loss("float32")
    for (format, tolerance) in [("bfloat16", 0.003), ("int8", 0.01)] {
      let held = try loss(format)
      #expect(held != full && abs(held - full) < tolerance, "\(format): \(held), float32: \(full)")
      func sample(_ words: String...) throws -> String {
        let outcome = try workplace.charrnn(
          ["sample", "run", "--length", "30", "--seed", "1", "--weights", format] + words)
        expectDone(outcome)
        return outcome.text
      }
      let text = try sample()
      #expect((30...31).contains(text.count))
      #expect(try sample("--threads", "1") == text)
      #expect(try sample("--count", "3").hasPrefix(text))
      expectDone(
        try workplace.charrnn(
          ["benchmark", "fable.txt", "--seconds", "0.05", "--sample", "4", "--weights", format, "--cell", cell]
            + smallSize)
      )
    }
    expectError(
      try workplace.charrnn("sample", "run", "--weights", "int4"), 64, "--weights", "int4",
      "float32, bfloat16, int8, auto")
  }
}
