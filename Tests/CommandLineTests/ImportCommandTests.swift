import CharrnnTestSupport
import Foundation
import Testing

@Suite struct ImportCommandTests {
  private let workplace: Workplace
  private let symbols = models.appendingPathComponent("symbols.json").path

  init() throws { workplace = try Workplace() }

  private static let models = Repository.fixture("exchange-models")

  private static func model(_ name: String) -> String { models.appendingPathComponent(name).path }

  /// Loss of the model in its package.
  private func loss(_ name: String) throws -> Double {
    let losses = try JSONSerialization.jsonObject(
      with: Data(contentsOf: Self.models.appendingPathComponent("losses.json")))
    return try #require((losses as? [String: Double])?[name])
  }

  @Test(arguments: [
    ("checkpoint.pt", "pytorch"), ("one-hot.npz", "pytorch"), ("tied.safetensors", "pytorch"),
    ("before.weights.h5", "keras"), ("relu.keras", "keras"), ("linen.msgpack", "flax-linen"),
    ("graph.onnx", "onnx"), ("default.onnx", "onnx"), ("cells.keras", "keras"), ("window.h5", "keras"),
  ])
  func theLossIsThatOfThePackage(name: String, convention: String) throws {
    expectDone(
      try workplace.charrnn("import", Self.model(name), "--vocabulary", symbols, "--out", "run"),
      "as \(convention) keeps it")
    let text = Self.models.appendingPathComponent("text.txt").path
    let outcome = try workplace.charrnn("evaluate", "run", text, "--split", "all", "--json")
    expectDone(outcome)
    let found = try #require(try outcome.json()["loss"] as? Double)
    #expect(abs(found - (try loss(name))) < 1e-5)
    expectDone(try workplace.charrnn("sample", "run", "--length", "20"))
    expectDone(try workplace.charrnn("verify", "run"))
  }

  @Test func theVocabularyBesideTheWeightsIsTaken() throws {
    let outcome = try workplace.charrnn("import", Self.model("checkpoint.pt"), "--json")
    expectDone(outcome, "gru 2×4 over 49 symbols", "runs/checkpoint")
    let report = try outcome.json()
    #expect(report["file"] as? String == "runs/checkpoint/best.safetensors")
    #expect(
      report["cell"] as? String == "gru" && report["embedding"] as? Int == 3 && report["tokens"] as? String == "scalar")
    #expect(try workplace.charrnn("runs").text.contains("runs/checkpoint"))
    expectDone(try workplace.charrnn("import", Self.model("checkpoint.pt")), "runs/checkpoint-2")
  }

  @Test func symbolsThatNoTextHasAreLeftOutAndNamed() throws {
    var given = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: symbols))) as? [String])
    (given[3], given[7]) = ("<pad>", "<unk>")
    try workplace.write([UInt8](JSONSerialization.data(withJSONObject: given)), to: "special.json")
    let outcome = try workplace.charrnn("import", Self.model("one-hot.npz"), "--vocabulary", "special.json")
    expectDone(outcome, #"left out "<pad>", "<unk>""#, "47 symbols")
    let inspected = try workplace.charrnn("inspect", "runs/one-hot", "--json").json()
    #expect(
      inspected["vocabulary"] as? [String]
        == given.filter { $0.count == 1 }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  @Test func standardOutputIsNoRunDirectory() throws {
    expectError(
      try workplace.charrnn("import", Self.model("checkpoint.pt"), "--out", "-"), 64,
      "--out - cannot take a run directory")
    #expect(try workplace.visibleNames.isEmpty)
  }

  @Test func gatesThatNoCharacterModelHasAreRefused() throws {
    expectError(
      try workplace.charrnn("import", Self.model("hard-sigmoid.h5"), "--vocabulary", symbols), 65,
      "its gates are a hard sigmoid of slope 0.16666667", "RecurrentWeights(…) of the library loads its layers")
  }

  @Test(arguments: [
    ("onnx", "", "exported.onnx"), ("onnx", "--residual", "exported.onnx"),
    ("pytorch", "--residual", "exported/weights.safetensors"),
    ("flax", "--residual", "exported/weights.safetensors"), ("mlx", "--residual", "exported/weights.safetensors"),
    ("keras", "--residual", "exported/model.weights.h5"), ("flax", "--tie", "exported/weights.safetensors"),
    ("mlx", "--tie", "exported/weights.safetensors"), ("keras", "--tie", "exported/model.weights.h5"),
  ])
  func aModelThatWasExportedComesBack(package: String, option: String, file: String) throws {
    try workplace.write(fable, to: "fable.txt")
    let size = ["--layers", "2", "--hidden", "4", "--batch", "2", "--length", "4", "--steps", "3", "--plain"]
    let options = option.isEmpty ? [] : option == "--tie" ? [option, "--embedding", "4"] : [option]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run"] + size + options))
    let out = package == "onnx" ? file : "exported"
    expectDone(try workplace.charrnn("export", "run", "--to", package, "--out", out))
    expectDone(try workplace.charrnn("import", file, "--out", "back"), "as \(package) keeps it")
    let losses = try ["run", "back"].map { run in
      let outcome = try workplace.charrnn("evaluate", run, "fable.txt", "--split", "all", "--json")
      expectDone(outcome)
      return try #require(try outcome.json()["loss"] as? Double)
    }
    #expect(abs(losses[0] - losses[1]) < 1e-6)
  }

  @Test func thatAnImportedModelForgetsItsDocumentsIsSaid() throws {
    try workplace.write(fable, to: "fable.txt")
    let size = ["--layers", "1", "--hidden", "4", "--batch", "2", "--length", "4", "--steps", "3", "--plain"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--items"] + size))
    for (package, out) in [("onnx", "run.onnx"), ("flax", "flax"), ("keras", "keras")] {
      expectDone(try workplace.charrnn("export", "run", "--to", package, "--out", out))
      let file = ["flax": "flax/weights.safetensors", "keras": "keras/model.weights.h5"][package] ?? out
      expectDone(try workplace.charrnn("import", file), "the imported one reads a text as one")
    }
  }

  @Test func whetherItIsTanhIsSaid() throws {
    let words = ["import", Self.model("tied.safetensors"), "--vocabulary", symbols]
    expectDone(try workplace.charrnn(words), "tells tanh from ReLU")
    let outcome = try workplace.charrnn(words + ["--cell", "rnn-relu"])
    expectDone(outcome, "rnn-relu 1×4")
    #expect(!outcome.errors.contains("tanh"))
  }

  @Test func nothingThatIsThereIsReplacedUnasked() throws {
    let words = ["import", Self.model("checkpoint.pt"), "--out", "run"]
    expectDone(try workplace.charrnn(words))
    let before = try workplace.bytes(of: "run/best.safetensors")
    expectError(try workplace.charrnn(words + ["--cell", "gru"]), 73, "run: holds a model already", "--overwrite")
    #expect(try workplace.bytes(of: "run/best.safetensors") == before)
    expectDone(try workplace.charrnn(words + ["--overwrite"]))
    try workplace.write("{}", to: "run/config.json")
    expectError(try workplace.charrnn(words + ["--overwrite"]), 73, "run: holds a run")
  }

  @Test func commandsThatTakeAModelNameTheImport() throws {
    for file in ["checkpoint.pt", "cells.keras", "window.h5", "tied.safetensors"] {
      expectError(
        try workplace.charrnn("sample", Self.model(file)), 65, file, "charrnn import reads models of other packages")
    }
  }

  @Test func anImportIsNoRunToResume() throws {
    try workplace.write(fable, to: "fable.txt")
    expectDone(try workplace.charrnn("import", Self.model("checkpoint.pt"), "--out", "run"))
    let outcome = try workplace.charrnn("train", "fable.txt", "--resume", "--out", "run", "--steps", "1")
    #expect(
      outcome.code == 73 && outcome.errors.contains("where it is an import, --init-from run trains its model further"))
  }

  @Test func anOverwriteNamesWhatItReplaces() throws {
    expectError(
      try workplace.charrnn("import", Self.model("checkpoint.pt"), "--overwrite"), 64, "name it with --out")
  }

  @Test func aCellThatTheFileSaysIsKept() throws {
    expectError(
      try workplace.charrnn(
        "import", Self.model("graph.onnx"), "--vocabulary", symbols, "--cell", "gru-reset-before"), 65,
      "is of the cell gru, not gru-reset-before")
  }

  @Test func aRunIsNamedAfterTheFileWithoutTheEndingsOfItsFormat() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.model("checkpoint.pt"))))
    for (file, run) in [("v1.2-names.pt", "v1.2-names"), ("a.weights.pt", "a"), ("plain", "plain")] {
      try workplace.write(bytes, to: file)
      expectDone(try workplace.charrnn("import", file), "into runs/\(run);")
    }
  }

  @Test func anOverwriteReplacesAnImportAlone() throws {
    let source = "source/best.safetensors"
    try FileManager.default.createDirectory(
      atPath: workplace.path(of: "source"), withIntermediateDirectories: true)
    try workplace.write([UInt8](Data(contentsOf: URL(fileURLWithPath: Self.model("tied.safetensors")))), to: source)
    let before = try workplace.bytes(of: source)
    expectError(
      try workplace.charrnn("import", source, "--vocabulary", symbols, "--out", "source", "--overwrite"), 64,
      "is a file that is read")
    expectError(
      try workplace.charrnn("import", Self.model("checkpoint.pt"), "--out", "source", "--overwrite"), 73,
      "source/best.safetensors: is no imported model")
    #expect(try workplace.bytes(of: source) == before)
  }

  /// A limit on the size of files stands for a full disk.
  @Test func aFullDiskLeavesNoDirectoryThatWasMade() throws {
    let words = #"import "\#(Self.model("checkpoint.pt"))" --out"#
    expectError(try workplace.shell("ulimit -f 1; exec \"$0\" \(words) new/run"), 73, "new/run/best.safetensors")
    #expect(try workplace.visibleNames.isEmpty)
    try FileManager.default.createDirectory(atPath: workplace.path(of: "old"), withIntermediateDirectories: true)
    expectError(try workplace.shell("ulimit -f 1; exec \"$0\" \(words) old"), 73, "old/best.safetensors")
    #expect(try workplace.visibleNames == ["old"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: workplace.path(of: "old")).isEmpty)
  }

  @Test func whatDoesNotFitIsRefusedInOneLine() throws {
    expectError(try workplace.charrnn("import", Self.model("one-hot.npz")), 64, "names no symbols", "--vocabulary")
    expectError(try workplace.charrnn("import", "nowhere.pt"), 66, "nowhere.pt")
    expectError(try workplace.charrnn("import", symbols), 65, "is of no known format")
    try workplace.write("a\nb\n", to: "few.txt")
    expectError(
      try workplace.charrnn("import", Self.model("one-hot.npz"), "--vocabulary", "few.txt"), 65,
      "the vocabulary has 2 symbols, and the model 49")
    expectError(
      try workplace.charrnn("import", Self.model("one-hot.npz"), "--vocabulary", symbols, "--convention", "keras"), 65,
      "no recurrent weights")
    expectError(
      try workplace.charrnn("import", Self.model("one-hot.npz"), "--vocabulary", symbols, "--cell", "gru"), 65,
      #""rnn" is of the cell lstm, not gru"#)
    expectError(
      try workplace.charrnn("import", Self.model("one-hot.npz"), "--vocabulary", symbols, "--key", "model"), 65,
      "only files of PyTorch and flax have keys")
    expectError(
      try workplace.charrnn("import", Self.model("checkpoint.pt"), "--tokens", "byte"), 65, "checkpoint.pt",
      "is not a byte")
    let whole = Repository.fixture("foreign/whole-module.pt").path
    expectError(try workplace.charrnn("import", whole, "--vocabulary", symbols), 65, "whole-module.pt")
    #expect(try workplace.visibleNames == ["few.txt"])
  }

  @Test func aModelOfCharrnnNeedsNoImport() throws {
    expectDone(try workplace.charrnn("import", Self.model("checkpoint.pt"), "--out", "run"))
    expectError(
      try workplace.charrnn("import", "run/best.safetensors", "--vocabulary", symbols), 65, "is a model of charrnn")
  }
}
