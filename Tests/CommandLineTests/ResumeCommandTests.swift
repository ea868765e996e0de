import CharrnnTestSupport
import Foundation
import ModelTraining
import Testing

@Suite struct ResumeCommandTests {
  private static let options = small + ["--dropout", "0.2", "--validate-every", "7", "--sample-every", "0"]

  /// A place with a corpus, and a run in `run` trained up to a step.
  private func begun(steps: Int = 13) throws -> Workplace {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "\(steps)"] + Self.options))
    return workplace
  }

  private func text(of name: String, in workplace: Workplace) throws -> String {
    String(decoding: try workplace.bytes(of: name), as: UTF8.self)
  }

  private func step(of model: String, in workplace: Workplace) throws -> Int {
    try #require(try workplace.charrnn("inspect", model, "--json").json()["step"] as? Int)
  }

  /// In one go or resumed, on one thread or two, with or without samples on the way: the same bytes.
  @Test func aRunGivesTheSameBytesInOneGoOrResumed() throws {
    let workplace = try begun()
    func train(_ out: String, _ words: String...) throws -> [UInt8] {
      expectDone(try workplace.charrnn(["train", "fable.txt", "--out", out] + words))
      return try workplace.bytes(of: out + "/last.safetensors")
    }
    let resumed = try train("run", "--resume", "--steps", "30")
    expectDone(
      try workplace.charrnn(["train", "fable.txt", "--out", "one", "--steps", "30", "--threads", "1"] + Self.options))
    #expect(try workplace.bytes(of: "one/last.safetensors") == resumed)
    let two = Self.options.dropLast(2) + ["--sample-every", "4", "--checkpoint-every", "3", "--threads", "2"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "two", "--steps", "30"] + two))
    #expect(try workplace.bytes(of: "two/last.safetensors") == resumed)

    let again = try train("run", "--resume", "--steps", "30", "--threads", "1")
    #expect(again == resumed, "done already")
    let metrics = String(decoding: try workplace.bytes(of: "run/metrics.jsonl"), as: UTF8.self)
    let scheduled = metrics.split(separator: "\n").filter { $0.contains(#""event":"validation""#) }
    #expect(scheduled.count == 4, "steps 7, 14, 21 and 28, each once")
  }

  /// Options that are not given are the run's, how long to train among them; those given again may be the same.
  @Test func optionsThatAreNotGivenAreThoseOfTheRun() throws {
    let workplace = try begun(steps: 6)
    expectDone(try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume"), "after step 6")
    #expect(try step(of: "run/last.safetensors", in: workplace) == 6, "the run's own limit")
    expectDone(
      try workplace.charrnn(["train", "fable.txt", "--out", "run", "--resume", "--steps", "8"] + Self.options))
    #expect(try step(of: "run/last.safetensors", in: workplace) == 8)
  }

  /// How often to save, and how many states to keep, is as the run began, unless it is given anew.
  @Test func howOftenToSaveIsAsTheRunBegan() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let saving = ["--checkpoint-every", "2", "--keep", "2", "--sample-every", "0"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "4"] + small + saving))
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "8", "--resume"]))
    func kept() throws -> [Int] { try RunDirectory(workplace.path + "/run").keptStates().map(\.step) }
    #expect(try kept() == [4, 6])
    let given = ["--keep", "3", "--checkpoint-every", "1"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "9", "--resume"] + given))
    #expect(try kept() == [4, 6, 8])
    let config = try text(of: "run/config.json", in: workplace)
    #expect(config.contains(#""checkpoint_every": 1"#) && config.contains(#""keep": 3"#))
  }

  /// A run that has saved nothing yet takes up again only with its own options, weights to start from among them.
  @Test func aRunThatSavedNothingBeginsAgainWithItsOwnOptions() throws {
    let workplace = try begun(steps: 1)
    let start = ["train", "fable.txt", "--out", "two", "--init-from", "run", "--steps", "3"] + Self.options
    expectDone(try workplace.charrnn(start))
    let whole = try workplace.bytes(of: "two/last.safetensors")
    for name in ["best", "last"] {
      try FileManager.default.removeItem(atPath: workplace.path(of: "two/\(name).safetensors"))
    }
    let config = try text(of: "two/config.json", in: workplace)
    try workplace.write(config.replacing(#""keep": 0"#, with: #""keep": 2"#), to: "two/config.json")
    let other = try workplace.charrnn(["train", "fable.txt", "--out", "two", "--resume"] + Self.options)
    let advice = "repeat the options that it began with, give --overwrite instead of --resume"
    #expect(other.code == 73 && other.errors.contains(advice), "\(other.errors)")
    #expect(!other.errors.contains("starting from the beginning"), "\(other.errors)")
    expectDone(try workplace.charrnn(start.filter { !["--steps", "3"].contains($0) } + ["--resume"]))
    #expect(try workplace.bytes(of: "two/last.safetensors") == whole)
    for kept in [#""init_from": "run""#, #""keep": 2"#, #""steps": 3"#] {
      #expect(try text(of: "two/config.json", in: workplace).contains(kept))
    }
    let again = try workplace.charrnn(start + ["--resume"])
    #expect(again.code == 64 && again.errors.contains("--init-from"), "\(again.errors)")
  }

  /// A configuration that cannot be read is named, with what must stand there.
  @Test func aConfigurationThatCannotBeReadIsNamed() throws {
    let workplace = try begun(steps: 1)
    let config = try text(of: "run/config.json", in: workplace)
    for (old, new, reason) in [
      (#""steps": 1"#, #""steps": true"#, "steps must be a whole number"),
      (#""keep": 0"#, #""keep": -1"#, "keep is -1"),
      ("{", "[", "is no JSON object"),
    ] {
      try workplace.write(config.replacingOccurrences(of: old, with: new), to: "run/config.json")
      let outcome = try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume")
      #expect(outcome.code == 65 && outcome.errors.contains("run/config.json"), "\(outcome.errors)")
      #expect(outcome.errors.contains(reason) && outcome.errorLines.count == 1, "\(outcome.errors)")
    }
  }

  #if os(Linux)
    /// The state that a run goes on from is let go once it is read: on the disk it would take room beside its successor.
    @Test func theStateThatARunGoesOnFromIsLetGo() throws {
      let workplace = try begun()
      let before = try workplace.bytes(of: "run/last.safetensors")
      let words = ["train", "fable.txt", "--out", "run", "--resume", "--steps", "1000000", "--checkpoint-every", "1"]
      let running = try workplace.start(words)
      defer { running.process.terminate() }
      try wait { (try? workplace.bytes(of: "run/last.safetensors")) ?? before != before }
      let maps = try String(contentsOfFile: "/proc/\(running.process.processIdentifier)/maps", encoding: .utf8)
      #expect(maps.contains("charrnn") && !maps.contains("last.safetensors"))
    }
  #endif

  /// A run that has done as many steps as asked, or more, says so instead of showing progress.
  @Test func aRunThatHasNothingLeftToTrainSaysSo() throws {
    let workplace = try begun(steps: 6)
    func resumed(_ options: String...) throws -> Outcome {
      let outcome = try workplace.charrnn(["train", "fable.txt", "--out", "run", "--resume"] + options)
      #expect(!outcome.errorLines.contains { $0.hasPrefix("step ") }, "\(outcome.errors)")
      return outcome
    }
    expectDone(try resumed(), "note: nothing is left to train: the run has done all 6 steps; --steps 12 trains on\n")
    let past = try resumed("--steps", "2")
    expectDone(
      past, "note: nothing is left to train: the run has done 6 steps, and 2 are asked for; --steps 12 trains on\n")
    #expect(!past.errors.contains("6/2"))
    let further = try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--steps", "8")
    #expect(further.code == 0 && !further.errors.contains("nothing is left"), "\(further.errors)")
  }

  /// An option that differs from the run's is refused by its name, and nothing changes.
  @Test func anOptionThatDiffersFromTheRunsIsRefusedByItsName() throws {
    let workplace = try begun(steps: 2)
    let before = try workplace.bytes(of: "run/last.safetensors")
    for option in [
      ["--cell", "gru"], ["--layers", "1"], ["--hidden", "9"], ["--embedding", "4"], ["--dropout", "0.1"],
      ["--batch", "3"],
      ["--length", "9"], ["--optimizer", "sgd"], ["--learning-rate", "0.1"], ["--clip", "1"], ["--tokens", "byte"],
      ["--seed", "2"], ["--validation-fraction", "0.1"], ["--test-fraction", "0.1"],
      ["--validate-every", "4"], ["--schedule", "cosine"],
    ] {
      let outcome = try workplace.charrnn(["train", "fable.txt", "--out", "run", "--resume", "--steps", "4"] + option)
      expectError(outcome, 64, option[0])
    }
    expectError(
      try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--init-from", "run"), 64, "--init-from")
    #expect(try workplace.bytes(of: "run/last.safetensors") == before)
  }

  @Test func aCorpusThatHasChangedIsRefusedAndSoIsADamagedState() throws {
    let workplace = try begun(steps: 2)
    let before = try workplace.bytes(of: "run/last.safetensors")
    try workplace.write(fable + "more", to: "fable.txt")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume"), 65, "the corpus has changed", "run/last")
    #expect(try workplace.bytes(of: "run/last.safetensors") == before)

    try workplace.write(fable, to: "fable.txt")
    try workplace.write(Array(before.dropLast()), to: "run/last.safetensors")
    let resume = ["train", "fable.txt", "--out", "run", "--resume"]
    let damaged = try workplace.charrnn(resume)
    expectError(damaged, 65, "run/last.safetensors")
    #expect(!damaged.errors.contains("cp "), "no state is kept")

    // The advice, followed, goes on.
    try workplace.write(before, to: "run/step-000002.safetensors")
    let copying = "cp run/step-000002.safetensors run/last.safetensors"
    expectError(try workplace.charrnn(resume), 65, copying)
    #expect(try workplace.shell(copying).code == 0)
    expectDone(try workplace.charrnn(resume + ["--steps", "3"]), "resuming run after step 2")
  }

  /// A run whose patience is spent goes on with more of it, as one that had it from the start.
  @Test func moreMayBeGivenToARunWhosePatienceIsSpent() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let options = small + ["--learning-rate", "0.5", "--validate-every", "1", "--sample-every", "0", "--steps", "300"]
    func train(_ out: String, patience: String) throws -> Outcome {
      try workplace.charrnn(["train", "fable.txt", "--out", out, "--patience", patience] + options)
    }
    let spent = try train("run", patience: "2")
    expectDone(spent, "no improvement in 2 validations; stopped after step")
    let printed = try #require(spent.errors.firstMatch(of: /with more patience: charrnn (.*) --patience 4\n/)?.1)
    expectDone(try workplace.shell("\"$0\" \(printed)"), "no improvement in 2 validations")
    expectDone(try workplace.shell("\"$0\" \(printed) --patience 4"), "no improvement in 4 validations")
    expectDone(try train("one", patience: "4"))
    #expect(try workplace.bytes(of: "run/last.safetensors") == workplace.bytes(of: "one/last.safetensors"))
  }

  /// Where nothing is there yet, resuming starts from the beginning and says so.
  @Test func resumingStartsFromTheBeginningWhereNothingIsThere() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let command = ["train", "fable.txt", "--resume", "--steps", "3"] + small
    expectDone(try workplace.charrnn(command + ["--out", "run"]), "starting from the beginning")
    expectDone(try workplace.charrnn(command + ["--out", "run"]), "resuming run after step 3")
    expectDone(try workplace.charrnn(command), "starting from the beginning")
    #expect(workplace.exists("runs/fable/last.safetensors"))
    // A best alone was left by a run that was killed before its first state was saved.
    try FileManager.default.removeItem(atPath: workplace.path + "/run/last.safetensors")
    expectDone(try workplace.charrnn(command + ["--out", "run"]), "starting from the beginning")
  }

  /// A run that was stopped before its first state was saved begins again where it is.
  @Test func aRunThatSavedNothingBeginsAgainWhereItIs() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let command = ["train", "fable.txt", "--steps", "3"] + small
    expectDone(try workplace.charrnn(command))
    for name in ["best", "last"] {
      try FileManager.default.removeItem(atPath: workplace.path(of: "runs/fable/\(name).safetensors"))
    }
    let other = try workplace.charrnn(command + ["--resume", "--optimizer", "sgd"])
    #expect(other.code == 73 && other.errors.contains("error: runs/fable: its run has no last"), "\(other.errors)")
    expectDone(
      try workplace.charrnn(command + ["--resume"]), "runs/fable: there is no saved state to go on from",
      "starting from the beginning")
    #expect(workplace.exists("runs/fable/last.safetensors") && !workplace.exists("runs/fable-2"))
  }

  /// The newest run is damaged: an older one of the same text goes on, and without any the damage is named.
  @Test func aDamagedRunIsPassedOverOrNamed() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    for steps in ["2", "3"] { expectDone(try workplace.charrnn(["train", "fable.txt", "--steps", steps] + small)) }
    func damage(_ run: String) throws {
      let last = try workplace.bytes(of: "\(run)/last.safetensors")
      try workplace.write(Array(last.dropLast()), to: "\(run)/last.safetensors")
    }
    let resume = ["train", "fable.txt", "--resume", "--steps", "4"]
    try damage("runs/fable-2")
    expectDone(try workplace.charrnn(resume), "looking for another run", "resuming runs/fable after step 2")
    try damage("runs/fable")
    let lost = try workplace.charrnn(resume)
    #expect(lost.code == 65 && lost.errors.contains("error: runs/fable"), "\(lost.errors)")
    #expect(!lost.errors.contains("has changed"), "\(lost.errors)")
  }

  /// A damaged best model is not replaced without a word; one that is missing is missed.
  @Test func aDamagedBestModelIsNotReplacedWithoutAWord() throws {
    let workplace = try begun()
    let best = try workplace.bytes(of: "run/best.safetensors")
    let resume = ["train", "fable.txt", "--out", "run", "--resume", "--steps", "14"]
    try workplace.write(Array(best.dropLast()), to: "run/best.safetensors")
    let refused = "without it the next model that is validated takes its place"
    let damaged = try workplace.charrnn(resume)
    #expect(damaged.code == 65 && damaged.errors.contains("error: run/best.safetensors"), "\(damaged.errors)")
    #expect(damaged.errors.contains(refused), "\(damaged.errors)")
    #expect(try workplace.bytes(of: "run/best.safetensors") == best.dropLast())

    try FileManager.default.removeItem(atPath: workplace.path(of: "run/best.safetensors"))
    #expect(try workplace.charrnn("runs", "--in", ".").text.contains("of a best model that is not there"))
    expectDone(try workplace.charrnn(resume), "run/best.safetensors is not there, a model with a validation loss of")
    let verified = try workplace.charrnn("verify", "run")
    let loss = try #require(try workplace.charrnn("inspect", "run", "--json").json()["validation_loss"] as? Double)
    let lowest = try #require(
      try workplace.charrnn("inspect", "run/last.safetensors", "--json").json()["validation_loss"] as? Double)
    #expect((verified.code == 65) == (loss > lowest), "\(verified.text)")
  }

  /// Patience that was given anew holds for the next resume too, though the run was killed before it saved a state.
  @Test func patienceThatWasGivenAnewIsKept() throws {
    let workplace = try begun(steps: 13)
    let config = try text(of: "run/config.json", in: workplace)
    try workplace.write(config.replacing(#""patience": null"#, with: #""patience": 5"#), to: "run/config.json")
    expectDone(try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--steps", "14"))
    #expect(try text(of: "run/config.json", in: workplace).contains(#""patience": 5"#))
    try workplace.write(config.replacing(#""patience": null"#, with: #""patience": 0"#), to: "run/config.json")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume"), 65, "run/config.json: patience is 0")
  }

  @Test func patienceThatCannotActIsRefusedToAResumedRunToo() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let start = ["train", "fable.txt", "--out", "run", "--steps", "3", "--validation-fraction", "0"] + small
    expectDone(try workplace.charrnn(start))
    expectError(
      try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--patience", "2"), 64, "patience 2")
  }

  /// A run's name is numbered when it is taken; without --out the newest run of the corpus is resumed.
  @Test func aRunsNameIsNumberedWhenItIsTaken() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    try workplace.write(fable.uppercased(), to: "other.txt")
    for file in ["fable.txt", "fable.txt", "fable.txt", "other.txt"] {
      expectDone(try workplace.charrnn(["train", file, "--steps", "2"] + small))
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: workplace.path + "/runs").sorted()
        == ["fable", "fable-2", "fable-3", "other"])
    expectDone(try workplace.charrnn("train", "fable.txt", "--out", "runs/fable-2", "--resume", "--steps", "3"))
    let resumed = try workplace.charrnn("train", "fable.txt", "--resume", "--steps", "4")
    expectDone(resumed, "resuming runs/fable-2 after step 3")
    try workplace.write("damaged", to: "runs/other/last.safetensors")
    expectDone(try workplace.charrnn("train", "fable.txt", "--resume", "--steps", "5"), "runs/fable-2 after step 4")
  }

  /// Without --out a text's name chooses the run that --overwrite replaces, and it must be one of that text.
  @Test func aRunOfAnotherTextOfTheSameNameIsNotReplaced() throws {
    let workplace = try Workplace()
    for folder in ["one", "two"] {
      try FileManager.default.createDirectory(atPath: workplace.path(of: folder), withIntermediateDirectories: true)
    }
    try workplace.write(fable, to: "one/fable.txt")
    try workplace.write(fable.uppercased(), to: "two/fable.txt")
    func train(_ words: String..., input: String = "") throws -> Outcome {
      try workplace.charrnn(["train"] + words + ["--steps", "2"] + small, input: input)
    }
    expectDone(try train("one/fable.txt", "--overwrite"))
    let before = try workplace.bytes(of: "runs/fable/last.safetensors")
    let refused = "runs/fable: holds a run of another text (one/fable.txt); give --out"
    expectError(try train("two/fable.txt", "--overwrite"), 73, refused)
    try FileManager.default.removeItem(atPath: workplace.path(of: "runs/fable/last.safetensors"))
    expectError(try train("two/fable.txt", "--overwrite"), 73, refused)
    // The same text under another path, and another text under the same.
    expectDone(try train("./one/fable.txt", "--overwrite"))
    #expect(try workplace.bytes(of: "runs/fable/last.safetensors") == before)
    try workplace.write(fable + fable, to: "one/fable.txt")
    expectError(try train("one/fable.txt", "--overwrite"), 73, "(./one/fable.txt)")
    expectDone(try train("./one/fable.txt", "--overwrite"))
    expectDone(try train("two/fable.txt", "--overwrite", "--out", "runs/fable"))
    // A pipe has no name of its own.
    expectDone(try train("-", input: fable))
    expectDone(try train("-", "--overwrite", input: fable))
    expectError(try train("-", "--overwrite", input: fable.uppercased()), 73, "runs/stdin: holds a run of another text")
    func trainPiped(_ text: String, _ options: String) throws -> Outcome {
      let words = (small + ["--steps", "2"]).joined(separator: " ")
      return try workplace.shell("rm -f p; mkfifo p; cat \(text) > p & \"$0\" train p \(words) \(options)")
    }
    expectDone(try trainPiped("one/fable.txt", ""))
    expectDone(try trainPiped("one/fable.txt", "--overwrite"))
    expectError(try trainPiped("two/fable.txt", "--overwrite"), 73, "runs/p: holds a run of another text")
  }

  @Test func aDirectoryThatHoldsARunIsRefusedWithoutResumeOrOverwrite() throws {
    let workplace = try begun(steps: 2)
    let before = try workplace.bytes(of: "run/last.safetensors")
    let command = ["train", "fable.txt", "--out", "run", "--steps", "3"] + small
    expectError(try workplace.charrnn(command), 73, "run", "--resume", "--overwrite")
    #expect(try workplace.bytes(of: "run/last.safetensors") == before)
    try FileManager.default.removeItem(atPath: workplace.path + "/run/last.safetensors")
    expectError(try workplace.charrnn(command), 73)
    expectDone(try workplace.charrnn(command + ["--overwrite"]))
    #expect(try step(of: "run", in: workplace) == 3)
    try workplace.write("a file", to: "file")
    for out in ["file/run", "file"] {
      expectError(try workplace.charrnn(["train", "fable.txt", "--out", out] + small), 73, out)
    }
  }

  /// Training starts from the weights of another model, or refuses one of another shape.
  @Test func trainingStartsFromTheWeightsOfAnotherModel() throws {
    let workplace = try Trained.workplace.get()
    try workplace.write(fable.replacingOccurrences(of: "fox", with: "ZAk"), to: "changed.txt")
    let command = ["train", "changed.txt", "--init-from", "run", "--steps", "2"]
    expectDone(try workplace.charrnn(command + small + ["--out", "warm"]))
    let other = ["--plain", "--batch", "4", "--length", "8", "--out", "cold"]
    expectError(try workplace.charrnn(command + other), 65, "--hidden 8")
    #expect(!workplace.exists("cold"))
  }

  /// The command that a stopped run prints goes on with it, whatever its name and that of its corpus.
  @Test func thePrintedCommandGoesOnWithTheRun() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "a fable's.txt")
    let running = try workplace.start(
      ["train", "a fable's.txt", "--out", "my $run", "--steps", "1000000", "--checkpoint-every", "1"] + small)
    try wait { workplace.exists("my $run/last.safetensors") }
    kill(running.process.processIdentifier, SIGHUP)
    let stopped = try running.outcome()
    #expect(stopped.code == 129)
    let note = try #require(stopped.errorLines.last)
    let command = try #require(note.range(of: "go on with: charrnn").map { note[$0.upperBound...] })
    let step = try step(of: "my $run/last.safetensors", in: workplace)
    expectDone(try workplace.shell("$0 \(command) --steps \(step + 1)"), "resuming my $run after step \(step)")
  }

  /// Runs that are started at the same time take a directory each.
  @Test func runsStartedAtTheSameTimeTakeADirectoryEach() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let running = try (0..<4).map { _ in try workplace.start(["train", "fable.txt", "--steps", "3"] + small) }
    for run in running { expectDone(try run.outcome()) }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: workplace.path + "/runs").sorted()
        == ["fable", "fable-2", "fable-3", "fable-4"])
  }

  /// The latest states stay, and one of them is resumed from when it is copied over the last.
  @Test func statesThatAreKeptAreResumedFrom() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let options = ["--checkpoint-every", "5", "--keep", "2"] + Self.options
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "22"] + options))
    let whole = try workplace.bytes(of: "run/last.safetensors")
    let kept = try FileManager.default.contentsOfDirectory(atPath: workplace.path + "/run").filter {
      $0.hasPrefix("step")
    }
    #expect(kept.sorted() == ["step-000015.safetensors", "step-000020.safetensors"])
    expectDone(try workplace.charrnn("verify", "run"))
    try workplace.write(workplace.bytes(of: "run/step-000020.safetensors"), to: "run/last.safetensors")
    expectDone(
      try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--steps", "22"), "after step 20")
    #expect(try workplace.bytes(of: "run/last.safetensors") == whole)
    expectDone(
      try workplace.charrnn(
        ["train", "fable.txt", "--out", "run", "--overwrite", "--steps", "2"] + Self.options + ["--cell", "gru"]))
    #expect(!workplace.exists("run/step-000020.safetensors"), "the replaced run's")
  }

  /// Penalties stand beside the loss in the metrics: the loss is what evaluation measures.
  @Test func penaltiesStandBesideTheLoss() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    func line(_ out: String, _ options: [String]) throws -> [String: Any] {
      let words = ["train", "fable.txt", "--out", out, "--steps", "2", "--validate-every", "2"] + small + options
      let outcome = try workplace.charrnn(words)
      expectDone(outcome)
      #expect(outcome.errors.contains("penalty ") == !options.isEmpty)
      let text = String(decoding: try workplace.bytes(of: "\(out)/metrics.jsonl"), as: UTF8.self)
      let last = try #require(text.split(separator: "\n").last { $0.contains("train_loss") })
      return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    }
    let plain = try line("plain", [])
    let penalized = try line("penalized", ["--activation-regularization", "1000"])
    let (a, b) = (try #require(plain["train_loss"] as? Double), try #require(penalized["train_loss"] as? Double))
    #expect(plain["penalty"] == nil && abs(a - b) < 0.1 && b < 4)
    #expect(try #require(penalized["penalty"] as? Double) > 0)
  }

  /// A state that was copied from another run is not resumed from and not replaced.
  @Test func aStateOfAnotherRunIsNotResumedFromAndNotReplaced() throws {
    let workplace = try begun(steps: 2)
    let command = ["train", "fable.txt", "--out", "other", "--steps", "2", "--cell", "gru"] + small
    expectDone(try workplace.charrnn(command))
    let other = try workplace.bytes(of: "other/last.safetensors")
    try workplace.write(other, to: "run/last.safetensors")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume"), 73, "run/last.safetensors",
      "another run",
      "--overwrite")
    #expect(try workplace.bytes(of: "run/last.safetensors") == other)
    #expect(try step(of: "run", in: workplace) == 2, "its own best")
  }

  /// A pipe in the place of a file of a run is an error, and is not waited for.
  @Test(arguments: ["config.json", "last.safetensors", "best.safetensors", "metrics.jsonl"])
  func aPipeInThePlaceOfAFileIsNotWaitedFor(name: String) throws {
    let workplace = try begun(steps: 2)
    try FileManager.default.removeItem(atPath: workplace.path + "/run/" + name)
    #expect(mkfifo(workplace.path + "/run/" + name, 0o600) == 0)
    let outcome = try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--steps", "3")
    #expect([66, 73].contains(outcome.code) && outcome.errors.contains("run/\(name): "), "\(outcome.errors)")
  }

  /// A run that is to be resumed and is not there is a misspelling where one has nearly its name.
  @Test func aMisspelledRunIsNotBegun() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "runs/first", "--steps", "2"] + small))
    let resume = ["train", "fable.txt", "--resume", "--steps", "3", "--out"]
    expectError(
      try workplace.charrnn(resume + ["runs/frist"]), 66,
      "runs/frist: there is no run to resume; did you mean runs/first?")
    expectDone(try workplace.charrnn(resume + ["runs/other"] + small), "starting from the beginning")
    expectDone(try workplace.charrnn(resume + ["runs/first2"] + small), "starting from the beginning")
  }

  /// A run in `runs/` may be named by how it begins.
  @Test func aModelMayBeNamedByItsBeginning() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    for name in ["first", "second", "second-2", "secret"] {
      expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "runs/\(name)", "--steps", "1"] + small))
    }
    for name in ["f", "runs/fi", "second"] {
      expectDone(try workplace.charrnn("sample", name, "--length", "2"))
      for command in ["evaluate", "verify", "report", "compare"] { expectDone(try workplace.charrnn(command, name)) }
    }
    expectError(
      try workplace.charrnn("sample", "sec"), 66, "sec: ",
      "several runs begin so: runs/second, runs/second-2, runs/secret")
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: workplace.path + "/f"), withIntermediateDirectories: false)
    expectError(try workplace.charrnn("sample", "f"), 66, "f: holds no run")
  }
}
