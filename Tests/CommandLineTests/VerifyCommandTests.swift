import CharrnnTestSupport
import Foundation
import LanguageModels
import TensorCheckpoints
import Testing

@Suite struct VerifyCommandTests {
  private func copiedRun() throws -> Workplace {
    let copy = try Workplace()
    let trained = try Trained.workplace.get()
    try FileManager.default.copyItem(atPath: "\(trained.path)/run", toPath: "\(copy.path)/run")
    return copy
  }

  private static let best = "run/best.safetensors"
  private static let last = "run/last.safetensors"

  @Test func aWholeRunAndEachOfItsModelsAreSound() throws {
    let workplace = try copiedRun()
    let outcome = try workplace.charrnn("verify", "run")
    expectDone(outcome)
    let lines = outcome.text.split(separator: "\n")
    #expect(
      lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
        "ok run/best.safetensors", "ok run/last.safetensors", "ok run/config.json", "ok run/metrics.jsonl",
      ])
    for file in [Self.best, Self.last] {
      let report = try workplace.charrnn("verify", file, "--json").json()
      #expect(report["sound"] as? Bool == true && (report["files"] as? [[String: Any]])?.count == 1)
    }
  }

  @Test func whatIsNotThereIsAnsweredWith66() throws {
    let workplace = try copiedRun()
    expectError(try workplace.charrnn("verify", "nowhere"), 66, "nowhere")
    try FileManager.default.createDirectory(atPath: workplace.path + "/bare", withIntermediateDirectories: true)
    expectError(try workplace.charrnn("verify", "bare"), 66, "bare: holds no run")
    expectError(try workplace.charrnn("verify", "--reseal", "nowhere"), 66, "nowhere")
    expectError(try workplace.charrnn("verify", "--reseal", "run"), 64, "directory")
  }

  private func expectWrong(
    _ outcome: Outcome, _ file: String, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.code == 65, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.text.contains("WRONG \(file)  "), "\(outcome.text)", sourceLocation: sourceLocation)
    #expect(outcome.text.contains(reason), "\(outcome.text)", sourceLocation: sourceLocation)
    let isFirst = outcome.text.firstRange(of: "WRONG") == outcome.text.firstRange(of: "WRONG \(file)  ")
    #expect(
      !isFirst || outcome.errors.hasPrefix("charrnn: error: \(file): ") && outcome.errors.contains(reason),
      "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
  }

  /// A flipped bit in any file of a run is found, wherever it is.
  @Test(arguments: [0.0, 0.1, 0.5, 0.9, 1]) func aFlippedBitOfAModelIsFound(place: Double) throws {
    for file in [Self.best, Self.last] {
      let workplace = try copiedRun()
      var bytes = try workplace.bytes(of: file)
      bytes[Int(place * Double(bytes.count - 1))] ^= 4
      try workplace.write(bytes, to: file)
      #expect(try workplace.charrnn("verify", "run").code == 65)
      #expect(try workplace.charrnn("verify", file).errors.contains(file))
    }
  }

  @Test func linesThatAreNoObjectsAndALineCutShortAreFound() throws {
    let workplace = try copiedRun()
    let metrics = String(decoding: try workplace.bytes(of: "run/metrics.jsonl"), as: UTF8.self)
    try workplace.write(metrics + "{\"step\":21", to: "run/metrics.jsonl")
    expectWrong(try workplace.charrnn("verify", "run"), "run/metrics.jsonl", "is cut short")
    try workplace.write("{\"step\":2}{\"step\":3}\n" + metrics, to: "run/metrics.jsonl")
    expectWrong(try workplace.charrnn("verify", "run"), "run/metrics.jsonl", "line 1 is no JSON object")
  }

  @Test func aConfigurationOfAnotherModelIsFound() throws {
    let workplace = try copiedRun()
    let text = String(decoding: try workplace.bytes(of: "run/config.json"), as: UTF8.self)
    let changed = text.replacingOccurrences(of: #""hidden": 8"#, with: #""hidden": 16"#)
    #expect(changed != text)
    try workplace.write(changed, to: "run/config.json")
    expectWrong(try workplace.charrnn("verify", "run"), "run/config.json", "hidden is not the model's, which is 8")
    try workplace.write("[", to: "run/config.json")
    expectWrong(try workplace.charrnn("verify", "run"), "run/config.json", "is no JSON object")
    try workplace.write(#"{"hidden": 8, "hidden": 8}"#, to: "run/config.json")
    expectWrong(try workplace.charrnn("verify", "run"), "run/config.json", "has \"hidden\" twice")
  }

  @Test func modelsOfTwoRunsInOneDirectoryAreFound() throws {
    let workplace = try copiedRun()
    try workplace.write(fable + "and more\n", to: "other.txt")
    expectDone(try workplace.charrnn(["train", "other.txt", "--out", "other", "--steps", "3"] + small))
    try workplace.write(workplace.bytes(of: "other/best.safetensors"), to: Self.best)
    expectWrong(try workplace.charrnn("verify", "run"), Self.best, "its run is not that of run/config.json")
  }

  /// Where a run that replaces another was killed before it had a state of its own, all is as it should be.
  @Test func modelsOfARunThatIsReplacedAreNotWrong() throws {
    let workplace = try copiedRun()
    let config = String(decoding: try workplace.bytes(of: "run/config.json"), as: UTF8.self)
    let run = try #require(config.firstMatch(of: /"run": "([0-9a-f]+)"/)?.1)
    let changed = config.replacing(
      #""run": "\#(run)""#, with: #""run": "new", "replaces": ["\#(run)"]"#)
    try workplace.write(changed, to: "run/config.json")
    try workplace.write(#"{"event":"start","run":"new","step":0}"# + "\n", to: "run/metrics.jsonl")
    let outcome = try workplace.charrnn("verify", "run")
    #expect(outcome.code == 0)
    #expect(String(decoding: outcome.output, as: UTF8.self).contains("of a run that this directory's replaces"))
  }

  /// A file that is not there is wrong where another shows that the run had saved it.
  @Test(arguments: [
    ("best.safetensors", "metrics.jsonl"), ("last.safetensors", "metrics.jsonl"), ("config.json", "best.safetensors"),
    ("metrics.jsonl", "best.safetensors"),
  ])
  func aFileThatIsMissingIsFound(name: String, witness: String) throws {
    let workplace = try copiedRun()
    try FileManager.default.removeItem(atPath: workplace.path(of: "run/" + name))
    expectWrong(
      try workplace.charrnn("verify", "run"), "run/" + name, "is not there, and run/\(witness) shows that it was")
  }

  /// A kept state shows what a `last` that is lost too would show.
  @Test func aKeptStateShowsThatTheRunHadABestModel() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let saving = ["--validate-every", "2", "--checkpoint-every", "3", "--keep", "1", "--steps", "6"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run"] + small + saving))
    for name in [Self.best, Self.last, "run/metrics.jsonl"] {
      try FileManager.default.removeItem(atPath: workplace.path(of: name))
    }
    let witness = "is not there, and run/step-000003.safetensors shows that it was"
    let found = try workplace.charrnn("verify", "run")
    for name in [Self.best, Self.last, "run/metrics.jsonl"] { expectWrong(found, name, witness) }
  }

  @Test func aRunThatHasKeptAStateMustHaveItsLast() throws {
    let workplace = try copiedRun()
    try workplace.write(workplace.bytes(of: Self.last), to: "run/step-000020.safetensors")
    for name in [Self.last, "run/metrics.jsonl"] {
      try FileManager.default.removeItem(atPath: workplace.path(of: name))
    }
    expectWrong(
      try workplace.charrnn("verify", "run"), Self.last,
      "is not there, and run/step-000020.safetensors shows that it was")
  }

  /// A run that was killed before its first state was saved has all that it can have.
  @Test func aBestModelAloneOfARunThatHasSavedNoStateIsSound() throws {
    let workplace = try copiedRun()
    try FileManager.default.removeItem(atPath: workplace.path(of: Self.last))
    let metrics = String(decoding: try workplace.bytes(of: "run/metrics.jsonl"), as: UTF8.self)
    let lines = metrics.split(separator: "\n").filter { !$0.contains(#""event":"end""#) }
    try workplace.write(lines.joined(separator: "\n") + "\n", to: "run/metrics.jsonl")
    expectDone(try workplace.charrnn("verify", "run"))
  }

  /// A kept state is that of the step which its name says.
  @Test func aKeptStateUnderTheNameOfAnotherStepIsFound() throws {
    let workplace = try copiedRun()
    let kept = "run/step-000007.safetensors"
    try workplace.write(workplace.bytes(of: Self.last), to: kept)
    expectWrong(try workplace.charrnn("verify", "run"), kept, "it is the state of step")
  }

  /// A best model of an earlier part of the same run is told from the one that was there.
  @Test func aBestModelThatIsNotTheBestIsFound() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let validating = small + ["--validate-every", "2", "--learning-rate", "0.01"]
    for (out, steps) in [("run", "30"), ("early", "2")] {
      expectDone(try workplace.charrnn(["train", "fable.txt", "--out", out, "--steps", steps] + validating))
    }
    expectDone(try workplace.charrnn("verify", "run"))
    try workplace.write(workplace.bytes(of: "early/best.safetensors"), to: Self.best)
    expectWrong(
      try workplace.charrnn("verify", "run"), Self.best, "and run/last.safetensors shows that the run had a model of")
  }

  @Test func metricsThatDoNotNameTheRunAreFound() throws {
    let workplace = try copiedRun()
    let whole = try workplace.bytes(of: "run/metrics.jsonl")
    try workplace.write("", to: "run/metrics.jsonl")
    expectWrong(try workplace.charrnn("verify", "run"), "run/metrics.jsonl", "no line 1 that names the run")
    try workplace.write(whole, to: "run/metrics.jsonl")
    let metrics = String(decoding: try workplace.bytes(of: "run/metrics.jsonl"), as: UTF8.self)
    try workplace.write(String(metrics.drop { $0 != "\n" }.dropFirst()), to: "run/metrics.jsonl")
    expectWrong(try workplace.charrnn("verify", "run"), "run/metrics.jsonl", "no line 1 that names the run")
  }

  @Test func aStateThatLacksATensorIsFound() throws {
    let workplace = try copiedRun()
    let path = workplace.path + "/" + Self.last
    let whole = try Checkpoint(contentsOf: path)
    for name in ["optimizer.", "state."] {
      var checkpoint = whole
      let missing = try #require(whole.names.first { $0.hasPrefix(name) })
      checkpoint.tensors[missing] = nil
      try checkpoint.write(to: path)
      expectWrong(try workplace.charrnn("verify", "run"), Self.last, "there is no tensor \"\(missing)\"")
    }
  }

  /// Within an epoch there is a state to carry.
  @Test func aStateWithoutWhatItCarriesIsFound() throws {
    let workplace = try copiedRun()
    let path = workplace.path + "/" + Self.last
    var checkpoint = try Checkpoint(contentsOf: path)
    let history = try #require(try StoredModel(checkpoint).history)
    #expect(history.epoch != history.epoch.rounded(), "the run ends within an epoch")
    for name in checkpoint.names where name.hasPrefix("state.") { checkpoint.tensors[name] = nil }
    try checkpoint.write(to: path)
    expectWrong(try workplace.charrnn("verify", "run"), Self.last, "there is no tensor \"state.")
  }

  /// A file is not sealed while a run may write it.
  @Test func aFileOfARunThatIsGoingOnIsNotSealed() throws {
    let workplace = try copiedRun()
    let lock = try DirectoryLock(workplace.path + "/run")
    let outcome = try workplace.charrnn("verify", "--reseal", Self.best)
    #expect(outcome.code == 75, "\(outcome.errors)")
    withExtendedLifetime(lock) {}
  }

  /// A file of ours that another program changed, keeping our metadata with the old checksum.
  private func changedByAnotherProgram() throws -> Workplace {
    let workplace = try copiedRun()
    var bytes = try workplace.bytes(of: Self.best)
    // The last number: a smaller power of two.
    bytes[bytes.count - 1] ^= 1
    try workplace.write(bytes, to: "changed.safetensors")
    return workplace
  }

  @Test func ofAFileThatAnotherProgramChangedItIsSaidWhatToDo() throws {
    let workplace = try changedByAnotherProgram()
    for command in ["verify", "inspect", "sample"] {
      let outcome = try workplace.charrnn(command, "changed.safetensors")
      #expect(outcome.code == 65)
      for word in ["another program changed it", "format_version", "checksum", "charrnn verify --reseal"] {
        #expect(outcome.errors.contains(word), "\(outcome.errors)")
      }
    }
  }

  @Test func resealingRenewsTheChecksumAndNothingElse() throws {
    let workplace = try changedByAnotherProgram()
    let before = try workplace.bytes(of: "changed.safetensors")
    let outcome = try workplace.charrnn("verify", "--reseal", "changed.safetensors")
    expectDone(outcome, "changed.safetensors: sealed")
    #expect(outcome.text.hasPrefix("ok "))
    let after = try workplace.bytes(of: "changed.safetensors")
    let differing = zip(before, after).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
    #expect(before.count == after.count && !differing.isEmpty && differing.last! - differing[0] < 64)
    expectDone(try workplace.charrnn("inspect", "changed.safetensors"))
    expectDone(try workplace.charrnn("verify", "--reseal", "changed.safetensors"), "nothing to do")
    #expect(try workplace.bytes(of: "changed.safetensors") == after)
    #expect(try workplace.visibleNames == ["changed.safetensors", "run"])
  }

  @Test func whatHoldsNoWholeModelIsNotSealed() throws {
    let workplace = try changedByAnotherProgram()
    var checkpoint = try Checkpoint(contentsOf: workplace.path + "/" + Self.best)
    checkpoint.tensors["decoder.bias"] = nil
    try checkpoint.write(to: workplace.path + "/broken.safetensors")
    var bytes = try workplace.bytes(of: "broken.safetensors")
    bytes[bytes.count - 1] ^= 1
    try workplace.write(bytes, to: "broken.safetensors")
    expectError(try workplace.charrnn("verify", "--reseal", "broken.safetensors"), 65, "decoder.bias")
    #expect(try workplace.bytes(of: "broken.safetensors") == bytes)
  }
}
