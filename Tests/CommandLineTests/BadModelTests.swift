import CharrnnTestSupport
import Foundation
import Testing

@Suite struct BadModelTests {
  /// A checkpoint that is cut short or changed in a bit is refused by every command, with the file's name.
  @Test func aCheckpointThatIsCutShortOrChangedInABitIsRefused() throws {
    let workplace = try Trained.workplace.get()
    let whole = try workplace.bytes(of: "run/best.safetensors")
    var damaged: [[UInt8]] = [[], [7]]
    for length in [8, 100, whole.count / 2, whole.count - 1] { damaged.append(Array(whole.prefix(length))) }
    for position in [0, 7, 8, 60, 300, whole.count / 2, whole.count - 1] {
      damaged.append(whole)
      damaged[damaged.count - 1][position] ^= 0x10
    }
    damaged.append(whole + [0])
    damaged.append(Array("no model at all\n".utf8))
    for (index, bytes) in damaged.enumerated() {
      let name = try workplace.write(bytes, to: "damaged-\(index).safetensors")
      let command = [["sample", name], ["inspect", name, "--json"], ["evaluate", name, "fable.txt"]][index % 3]
      expectError(try workplace.charrnn(command), 65, name)
    }
    expectError(
      try workplace.charrnn(["train", "fable.txt", "--init-from", "damaged-3.safetensors", "--out", "new"] + small), 65)
    #expect(!workplace.exists("new"))
  }

  /// Weights that are finite but far too large make no loss, and no text that is not valid.
  @Test func weightsThatAreFiniteButFarTooLargeMakeNoLoss() throws {
    let workplace = try Trained.workplace.get()
    let whole = try workplace.bytes(of: "run/best.safetensors")
    let end = 8 + whole[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: Data(whole[8..<end])) as? [String: Any]
    var changed = try #require(header)
    var metadata = try #require(changed["__metadata__"] as? [String: String])
    (metadata["format_version"], metadata["checksum"]) = (nil, nil)
    changed["__metadata__"] = metadata
    let text = Array(try JSONSerialization.data(withJSONObject: changed))
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    let weight = Float(3e38).bitPattern
    let weights = (0..<whole.count - end).map { UInt8(truncatingIfNeeded: weight >> (8 * ($0 % 4))) }
    try workplace.write(length + text + weights, to: "huge.safetensors")
    expectError(
      try workplace.charrnn("evaluate", "huge.safetensors", "fable.txt"), 65, "huge.safetensors", "is not a number")
    expectError(
      try workplace.charrnn("sample", "huge.safetensors", "--length", "20"), 65, "huge.safetensors",
      "not finite numbers")
  }

  @Test func aTextInAModelsPlaceIsCalledOne() throws {
    let workplace = try Trained.workplace.get()
    try workplace.write("Жили-были\n", to: "russian.txt")
    for text in ["fable.txt", "russian.txt"] {
      expectError(
        try workplace.charrnn("sample", text), 65, "\(text): not a safetensors file: it begins like a text",
        "charrnn train \(text)")
    }
  }

  /// A folder of runs in a run's place is answered with the runs in it.
  @Test func aFolderOfRunsIsAnsweredWithItsRuns() throws {
    let workplace = try Workplace()
    try FileManager.default.copyItem(
      atPath: try Trained.workplace.get().path(of: "run"), toPath: workplace.path(of: "the run"))
    expectError(try workplace.charrnn("sample", "."), 66, ".: holds no run", "name one of the runs in it: './the run'")
  }

  /// A path that is nearly one that is there.
  @Test func aMisspelledPathIsAnsweredWithTheNearest() throws {
    let workplace = try Workplace()
    try FileManager.default.createDirectory(atPath: workplace.path + "/runs", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: try Trained.workplace.get().path(of: "run"), toPath: workplace.path(of: "runs/my fables"))
    for path in ["runs/my fabels", "runs/my fables ", "my fabels", "My Fables"] {
      expectError(try workplace.charrnn("sample", path), 66, path, "; did you mean 'runs/my fables'?")
    }
    try workplace.write("text", to: "Fable.txt")
    try workplace.write("text", to: "todo.txt")
    for path in ["fabel.txt", "fable"] {
      expectError(try workplace.charrnn("train", path), 66, "; did you mean Fable.txt?")
    }
    expectDone(try workplace.charrnn("sample", "my", "--length", "2"))
    for path in ["poem.txt", "my fables", "runs/my fables.txt"] {
      let outcome = try workplace.charrnn("train", path)
      #expect(outcome.code == 66 && !outcome.errors.contains("did you mean"), "\(outcome.errors)")
    }
    for path in ["runs/nothing alike", "elsewhere/my fables", "no", "runs"] {
      let outcome = try workplace.charrnn("sample", path)
      #expect(outcome.code == 66 && !outcome.errors.contains("did you mean"), "\(outcome.errors)")
    }
  }

  @Test func aModelThatIsNotThereIsAnsweredWith66() throws {
    let workplace = try Trained.workplace.get()
    try FileManager.default.createDirectory(atPath: workplace.path + "/bare", withIntermediateDirectories: true)
    for path in ["nowhere", "bare"] {
      expectError(try workplace.charrnn("sample", path), 66, path)
      expectError(try workplace.charrnn("inspect", path), 66, path)
      expectError(try workplace.charrnn("evaluate", path, "fable.txt"), 66, path)
    }
    expectError(
      try workplace.charrnn("inspect", "bare"), 66, "bare: holds no run", "best.safetensors", "last.safetensors")
    expectError(try workplace.charrnn("evaluate", "run", "nothing.txt"), 66, "nothing.txt")
    expectError(try workplace.charrnn("sample", "run", "--prime-file", "nothing.txt"), 66, "nothing.txt")
  }

  /// A pipe that nothing writes to is no model, and is not waited for.
  @Test func aPipeWithoutAWriterIsAnsweredWith66() throws {
    let workplace = try Trained.workplace.get()
    try #require(mkfifo(workplace.path + "/model.fifo", 0o600) == 0)
    for command in [["sample"], ["inspect"], ["inspect", "--json"], ["evaluate", "fable.txt"]] {
      let words = [command[0], "model.fifo"] + command.dropFirst()
      expectError(try workplace.charrnn(words), 66, "model.fifo: is a pipe that nothing writes to; give a file")
    }
    let verified = try workplace.charrnn("verify", "model.fifo")
    #expect([65, 66].contains(verified.code))
    #expect(verified.errors.contains("model.fifo: is a pipe"), "\(verified.errors)")
    let sampled = try workplace.shell(#"cat run/best.safetensors | "$0" sample /dev/stdin --length 3 --seed 1"#)
    expectDone(sampled)
    #expect(sampled.text == (try workplace.charrnn("sample", "run", "--length", "3", "--seed", "1")).text)
  }

  /// Characters that the model has never seen are named, or skipped and counted.
  @Test func charactersThatTheModelHasNeverSeenAreNamed() throws {
    let workplace = try Trained.workplace.get()
    expectError(try workplace.charrnn("sample", "run", "--prime", "the ДЖ"), 65, "Д", "Ж", "--unknown skip")
    let sample = try workplace.charrnn("sample", "run", "--prime", "the Ж", "--unknown", "skip", "--length", "5")
    expectDone(sample, "skipped 1")
    #expect(sample.text.hasPrefix("the "))
    try workplace.write([0x74, 0xFF], to: "prime.bin")
    let invalid = try workplace.charrnn("sample", "run", "--prime-file", "prime.bin")
    expectError(invalid, 65, "byte 1")
    #expect(!invalid.errors.contains("--unknown"), "that would not help")

    try workplace.write("the XX fox\n", to: "other.txt")
    expectError(try workplace.charrnn("evaluate", "run", "other.txt"), 65, "other.txt", "X")
    let report = try workplace.charrnn("evaluate", "run", "other.txt", "--unknown", "skip", "--json").json()
    #expect(report["unknown"] as? Int == 2)
    try workplace.write("t", to: "letter.txt")
    expectError(try workplace.charrnn("evaluate", "run", "letter.txt"), 65, "the text has 1 token", "longer text")
    let evaluated = try workplace.charrnn("evaluate", "run", "prime.bin")
    expectError(evaluated, 65, "prime.bin", "byte 1", "valid UTF-8 only")
    #expect(!evaluated.errors.contains("--tokens"), "the model decides that")

    try workplace.write("the a" + String(repeating: "\u{301}", count: 200_000), to: "marks.txt")
    let marks = try workplace.charrnn("evaluate", "run", "marks.txt")
    expectError(marks, 65, "marks.txt", "…", "--unknown skip")
    #expect(marks.errors.utf8.count < 1000)
  }
}
