import CharrnnTestSupport
import Foundation
import ModelExchange
import Testing

/// What the page shows is checked in a browser, by `Tests/Pages/pages.py`.
@Suite struct ExportCommandTests {
  private let workplace: Workplace

  init() throws { workplace = try Trained.workplace.get() }

  private func page(_ path: String) throws -> String { String(decoding: try workplace.bytes(of: path), as: UTF8.self) }

  /// Values of the page's data.
  private func data(_ page: String) throws -> [String: Any] {
    let json = try #require(page.firstMatch(of: /<script type="application\/json" id="data">(.*?)<\/script>/)).output.1
    return try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  @Test func aPageHasTheNameOfTheRun() throws {
    let outcome = try workplace.charrnn("export", "run", "--to", "html", "--overwrite")
    expectDone(outcome, "wrote run.html; open it in a browser")
    #expect(outcome.output.isEmpty)
    #expect(try page("run.html").contains("<title>run</title>"))
    expectDone(
      try workplace.charrnn("export", "run/best.safetensors", "--to=html", "--overwrite"), "wrote best.html")
  }

  @Test func aPageHoldsTheWeightsAsTheyAreStored() throws {
    expectDone(try workplace.charrnn("export", "run", "--to", "html", "--out", "weights.html", "--overwrite"))
    let page = try page("weights.html")
    let data = try data(page)
    let inspected = try workplace.charrnn("inspect", "run", "--json").json()
    let encoded = try #require(page.firstMatch(of: /id="weights">(.*?)<\/script>/)).output.1
    #expect(Data(base64Encoded: String(encoded))?.count == 4 * (try #require(inspected["parameters"] as? Int)))
    let shapes = { (tensors: Any?) -> [String: [Int]] in
      let tensors = try #require(tensors as? [[String: Any]])
      return Dictionary(uniqueKeysWithValues: tensors.map { ($0["name"] as! String, $0["shape"] as! [Int]) })
    }
    #expect(try shapes(data["tensors"]) == shapes(inspected["tensors"]))
    #expect(data["symbols"] as? [String] == inspected["vocabulary"] as? [String])
  }

  @Test func aPageNamesNothingOfTheNetwork() throws {
    expectDone(try workplace.charrnn("export", "run", "--to", "html", "--out", "alone.html", "--overwrite"))
    let page = try page("alone.html")
    #expect(page.contains("default-src &#39;none&#39;"))
    #expect(page.matches(of: /https?:/).allSatisfy { page[$0.range.lowerBound...].hasPrefix("http://www.w3.org/") })
    #expect(page.matches(of: /\b(src|href)=/).isEmpty)
  }

  @Test func aFileThatIsThereIsKept() throws {
    try workplace.write("mine", to: "taken.html")
    expectError(
      try workplace.charrnn("export", "run", "--to", "html", "--out", "taken.html"), 73, "taken.html", "--overwrite")
    #expect(try page("taken.html") == "mine")
    expectDone(try workplace.charrnn("export", "run", "--to", "html", "--out", "taken.html", "--overwrite"))
    #expect(try page("taken.html").hasPrefix("<!DOCTYPE html>"))
  }

  @Test func theModelItselfIsNeverReplaced() throws {
    let model = try workplace.bytes(of: "run/best.safetensors")
    let path = "run/best.safetensors"
    expectError(
      try workplace.charrnn("export", "run", "--to", "html", "--out", path, "--overwrite"), 64, "is a file that is read"
    )
    #expect(try workplace.bytes(of: path) == model)
  }

  @Test func aPlaceThatIsNotThereIsRefused() throws {
    expectError(
      try workplace.charrnn("export", "run", "--to", "html", "--out", "nowhere/page.html"), 73, "nowhere")
  }

  @Test func aPageMayGoToStandardOutput() throws {
    let outcome = try workplace.charrnn("export", "run", "--to", "html", "--out", "-")
    expectDone(outcome)
    #expect(outcome.text.hasPrefix("<!DOCTYPE html>") && outcome.text.hasSuffix("</html>\n"))
  }

  @Test func everyPackageOfTheLibraryIsOffered() throws {
    let help = try workplace.charrnn("export", "--help").text
    for package in PackageExport.Package.allCases { #expect(help.contains(package.rawValue)) }
  }

  @Test func theKindOfFileMustBeNamed() throws {
    expectError(try workplace.charrnn("export", "run"), 64, "--to", "html")
    expectError(try workplace.charrnn("export", "run", "--to", "word"), 64, "\"word\"", "html")
  }

  @Test func noModelIsNoInput() throws {
    expectError(try workplace.charrnn("export", "nothing", "--to", "html"), 66, "nothing")
  }

  @Test func anONNXFileIsWrittenWithTheSameBytesEachTime() throws {
    for name in ["a.onnx", "b.onnx"] {
      expectDone(
        try workplace.charrnn("export", "run", "--to", "onnx", "--out", name, "--overwrite"), "wrote \(name); ",
        "inputs and outputs")
    }
    #expect(try workplace.bytes(of: "a.onnx") == workplace.bytes(of: "b.onnx"))
  }

  @Test func anONNXFileOfIntegersIsAskedFor() throws {
    for weights in ["float32", "int8"] {
      expectDone(
        try workplace.charrnn("export", "run", "--to", "onnx", "--weights", weights, "--out", weights, "--overwrite"),
        "wrote \(weights)")
    }
    expectDone(try workplace.charrnn("export", "run", "--to", "onnx", "--out", "plain", "--overwrite"))
    let (floats, integers) = (try workplace.bytes(of: "float32"), try workplace.bytes(of: "int8"))
    #expect(try workplace.bytes(of: "plain") == floats && floats.firstRange(of: Array("MatMulInteger".utf8)) == nil)
    #expect(integers.firstRange(of: Array("MatMulInteger".utf8)) != nil)
  }

  /// A graph of integers is none of the layers that `import` reads.
  @Test func anONNXFileOfIntegersDoesNotComeBack() throws {
    expectDone(
      try workplace.charrnn(
        "export", "run", "--to", "onnx", "--weights", "int8", "--out", "integers.onnx", "--overwrite"))
    expectError(
      try workplace.charrnn("import", "integers.onnx", "--out", "back"), 65, "integers.onnx",
      "no operator RNN, LSTM or GRU")
  }

  @Test(arguments: ["html", "pytorch", "flax", "mlx", "keras"])
  func onlyAnONNXFileHoldsIntegers(kind: String) throws {
    expectError(
      try workplace.charrnn("export", "run", "--to", kind, "--weights", "int8", "--out", "none"), 64,
      "--weights int8 is for --to onnx")
    #expect(try !workplace.visibleNames.contains("none"))
  }

  @Test(arguments: ["onnx", "html"]) func noFileHoldsBFloat16(kind: String) throws {
    expectError(
      try workplace.charrnn("export", "run", "--to", kind, "--weights", "bfloat16", "--out", "none"), 64,
      "--weights", "\"bfloat16\"", "float32, int8")
  }

  @Test func aCellThatONNXDoesNotHaveIsRefused() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let size = ["--layers", "1", "--hidden", "4", "--batch", "2", "--length", "4", "--steps", "1", "--plain"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--cell", "mgu"] + size))
    expectError(
      try workplace.charrnn("export", "run", "--to", "onnx"), 65, "ONNX has no operator for the cell \"mgu\"")
    #expect(try !workplace.visibleNames.contains("run.onnx"))
  }

  // MARK: Folders for Python packages

  private static let packages = ["pytorch", "flax", "mlx", "keras"]

  /// Names of the files in a package's folder, in order.
  private func files(_ package: String) -> [String] {
    ["model.json", "model.py", package == "keras" ? "model.weights.h5" : "weights.safetensors"]
  }

  @Test(arguments: packages)
  func aFolderHoldsWeightsSettingsAndAProgram(package: String) throws {
    let workplace = try Workplace()
    let model = self.workplace.path + "/run"
    expectDone(
      try workplace.charrnn("export", model, "--to", package),
      "wrote run-\(package); python run-\(package)/model.py sample --length 200")
    let folder = workplace.path + "/run-\(package)"
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == files(package))
    let settings = try JSONSerialization.jsonObject(with: Data(try workplace.bytes(of: "run-\(package)/model.json")))
    let inspected = try self.workplace.charrnn("inspect", "run", "--json").json()
    #expect((settings as? [String: Any])?["vocabulary"] as? [String] == inspected["vocabulary"] as? [String])
  }

  /// Their names are those of charrnn, so that commands take them as they are.
  @Test func weightsForPyTorchAreAModelOfTheSameItems() throws {
    let workplace = try Workplace()
    try workplace.write("ab\nba\nabba\nbaab\naab\n", to: "items.txt")
    let size = ["--layers", "1", "--hidden", "4", "--batch", "1", "--length", "4", "--steps", "3", "--plain"]
    expectDone(try workplace.charrnn(["train", "items.txt", "--out", "run", "--items"] + size))
    expectDone(try workplace.charrnn("export", "run", "--to", "pytorch", "--out", "out"))
    let losses = try ["run", "out/weights.safetensors"].map { model in
      let outcome = try workplace.charrnn("evaluate", model, "items.txt", "--split", "all", "--json")
      return try #require(try outcome.json()["loss"] as? Double)
    }
    #expect(losses[0] == losses[1])
  }

  @Test(arguments: packages)
  func aFolderIsWrittenWithTheSameBytesEachTime(package: String) throws {
    for name in ["a-", "b-"] {
      expectDone(try workplace.charrnn("export", "run", "--to", package, "--out", name + package, "--overwrite"))
    }
    for file in files(package) {
      #expect(try workplace.bytes(of: "a-\(package)/\(file)") == workplace.bytes(of: "b-\(package)/\(file)"))
    }
  }

  @Test func aFolderThatIsThereIsKeptAndOtherFilesInItAlways() throws {
    let folder = workplace.path + "/taken"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["model.py", "mine.txt"] { try workplace.write("mine", to: "taken/\(name)") }
    let words = ["export", "run", "--to", "pytorch", "--out", "taken"]
    expectError(try workplace.charrnn(words), 73, "taken", "--overwrite")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["mine.txt", "model.py"])
    #expect(try page("taken/model.py") == "mine")
    expectDone(try workplace.charrnn(words + ["--overwrite"]))
    #expect(try page("taken/model.py").hasPrefix("\"\"\"A character model in PyTorch"))
    #expect(try page("taken/mine.txt") == "mine")
  }

  @Test func aFolderOfWhichOneFileCannotBeReplacedStaysAsItIs() throws {
    let weights = workplace.path + "/whole/weights.safetensors"
    try FileManager.default.createDirectory(atPath: weights, withIntermediateDirectories: true)
    try workplace.write("mine", to: "whole/model.py")
    expectError(
      try workplace.charrnn("export", "run", "--to", "pytorch", "--out", "whole", "--overwrite"), 73,
      "whole/weights.safetensors")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: workplace.path + "/whole").sorted() == [
        "model.py", "weights.safetensors",
      ])
    #expect(try page("whole/model.py") == "mine")
  }

  /// A limit on the size of files, in blocks of at least 512 bytes, stands for a full disk.
  @Test(arguments: packages) func aFullDiskLeavesNoPartOfAFolder(package: String) throws {
    let export = "ulimit -f 2; exec \"$0\" export run --to \(package) --out parts/full-\(package)"
    expectError(try workplace.shell(export), 73, "parts/full-\(package)")
    #expect(!workplace.exists("parts/full-\(package)"))
    let old = ["model.json", "model.py"]
    try FileManager.default.createDirectory(
      atPath: workplace.path + "/kept-\(package)", withIntermediateDirectories: true)
    for name in old { try workplace.write("mine", to: "kept-\(package)/\(name)") }
    expectError(
      try workplace.shell("ulimit -f 2; exec \"$0\" export run --to \(package) --out kept-\(package) --overwrite"), 73)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: workplace.path + "/kept-\(package)").sorted() == old)
    for name in old { #expect(try page("kept-\(package)/\(name)") == "mine") }
  }

  @Test func aFileInPlaceOfTheFolderIsNotReplaced() throws {
    try workplace.write("mine", to: "no-folder")
    expectError(
      try workplace.charrnn("export", "run", "--to", "mlx", "--out", "no-folder", "--overwrite"), 73, "no-folder")
    #expect(try page("no-folder") == "mine")
  }

  @Test func theModelIsNeverReplacedByTheWeightsOfAFolder() throws {
    let workplace = try Workplace()
    try FileManager.default.createDirectory(atPath: workplace.path + "/here", withIntermediateDirectories: true)
    let model = "here/weights.safetensors"
    try Data(try self.workplace.bytes(of: "run/best.safetensors")).write(
      to: URL(fileURLWithPath: "\(workplace.path)/\(model)"))
    expectError(
      try workplace.charrnn("export", model, "--to", "mlx", "--out", "here", "--overwrite"), 64,
      "is a file that is read")
    #expect(try workplace.bytes(of: model) == self.workplace.bytes(of: "run/best.safetensors"))
  }

  @Test func aFolderDoesNotGoToStandardOutput() throws {
    expectError(try workplace.charrnn("export", "run", "--to", "flax", "--out", "-"), 64, "folder")
  }

  @Test(arguments: [
    (["--cell", "mgu"], packages, "the cell \"mgu\""),
    (["--cell", "gru-reset-before"], ["pytorch", "flax", "mlx"], "the cell \"gru-reset-before\""),
    (["--cell", "lstm", "--projection", "2"], ["flax", "mlx", "keras"], "a projection"),
    (["--cell", "gru", "--layer-norm"], packages, "layer normalization"),
    (["--cell", "rnn", "--zoneout", "0.1"], packages, "zoneout"),
  ])
  func whatAPackageHasNoCounterpartForIsNamed(options: [String], packages: [String], what: String) throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let size = ["--layers", "1", "--hidden", "4", "--batch", "2", "--length", "4", "--steps", "1", "--plain"]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run"] + options + size))
    for package in packages {
      expectError(
        try workplace.charrnn("export", "run", "--to", package), 65, "\(package) has no counterpart for \(what)")
    }
    #expect(try workplace.visibleNames.sorted() == ["fable.txt", "run"])
  }
}
