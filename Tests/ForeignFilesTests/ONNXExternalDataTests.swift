import CharrnnTestSupport
import ForeignFiles
import Foundation
import TensorCheckpoints
import TensorCore
import Testing

/// Numbers in another file are read from the model's folder, and from nowhere else.
@Suite struct ONNXExternalDataTests {
  private let folder: ScratchDirectory

  init() throws {
    folder = try ScratchDirectory()
    try FileManager.default.createDirectory(
      atPath: folder.path(of: "models/parts"), withIntermediateDirectories: true)
    for name in ["outside.data", "models/model.data", "models/parts/é.data"] {
      try folder.write(LittleEndianBytes.encode([0.5, 1, 2, 3] as [Float]), to: name)
    }
  }

  /// A model of a tensor "w" of two numbers, with these entries about another file.
  private func model(_ entries: [(String, String)], _ more: [UInt8] = []) -> [UInt8] {
    let fields = entries.flatMap { Protobuf.field(13, Protobuf.field(1, $0) + Protobuf.field(2, $1)) }
    return Protobuf.model(tensor: Protobuf.field(1, 2) + Protobuf.field(2, 1) + fields + Protobuf.field(14, 1) + more)
  }

  private func open(_ bytes: [UInt8]) throws -> StoredTensor? {
    try folder.write(bytes, to: "models/model.onnx")
    return try ONNXModel(contentsOf: folder.path(of: "models/model.onnx")).graph.initializers["w"]
  }

  private func expect(
    _ problem: ONNXError.Problem, _ entries: [(String, String)], _ more: [UInt8] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = ONNXError(file: folder.path(of: "models/model.onnx"), problem: problem)
    #expect(throws: error, sourceLocation: sourceLocation) { try open(model(entries, more)) }
    #expect(!"\(error)".contains("\n"), sourceLocation: sourceLocation)
  }

  // MARK: What is read

  @Test func numbersStayInTheFileBesideTheModel() throws {
    let tensor = try #require(
      try open(model([("location", "model.data"), ("offset", "4"), ("length", "8"), ("checksum", "any")])))
    #expect(tensor.values() == [1, 2] as [Float])
    guard case .mapped = tensor.contents else {
      Issue.record("the tensor was copied")
      return
    }
  }

  @Test func theStartAndTheSizeOfTheShapeAreTakenWhereNoneAreGiven() throws {
    #expect(try open(model([("location", "model.data")]))?.values() == [0.5, 1] as [Float])
    #expect(try open(model([("location", "model.data"), ("offset", "8")]))?.values() == [2, 3] as [Float])
  }

  @Test func theFileMayLieBelowTheFolder() throws {
    for location in ["parts/é.data", "./parts/é.data"] {
      #expect(try open(model([("location", location)]))?.values() == [0.5, 1] as [Float])
    }
  }

  @Test func aLinkWithinTheFolderIsFollowed() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(of: "models/link"), withDestinationPath: "parts/é.data")
    #expect(try open(model([("location", "link")]))?.values() == [0.5, 1] as [Float])
  }

  /// The files of onnx 1.23.2 itself, read by a path relative to the current directory or not.
  @Test func theFilesOfPyTorchAreRead() throws {
    let model = try ONNXModel(contentsOf: Repository.fixture("exchange-models/default.onnx").path)
    #expect(try model.recurrentNodes().map(\.recurrentWeight.shape) == [[1, 32, 8], [1, 32, 8]])
  }

  // MARK: What is refused

  @Test(arguments: [
    "", "/", "../outside.data", "parts/../../outside.data", "parts/../model.data", "..", "parts//é.data", "model.data/",
    "model.data\0", "../\u{301}", "out", "folder/outside.data",
  ])
  func aFileElsewhereIsRefusedByItsName(location: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(of: "models/out"), withDestinationPath: "../outside.data")
    try FileManager.default.createSymbolicLink(atPath: folder.path(of: "models/folder"), withDestinationPath: "..")
    expect(.dataFileElsewhere(location: location, tensor: "w"), [("location", location)])
  }

  @Test func anAbsolutePathIsRefused() throws {
    let path = folder.path(of: "models/model.data")
    expect(.dataFileElsewhere(location: path, tensor: "w"), [("location", path)])
  }

  @Test func adviceNamesAnotherFileThanTheModel() {
    let problem = ONNXError.Problem.dataFileElsewhere(location: "../data", tensor: "w")
    #expect("\(problem)".hasSuffix("onnx.save(onnx.load(path), \"new.onnx\")"), "\(problem)")
  }

  @Test func aFolderThatOnlyBeginsLikeTheModelsIsAnother() throws {
    try FileManager.default.createDirectory(atPath: folder.path(of: "models-2"), withIntermediateDirectories: false)
    try folder.write([0, 0, 0, 0, 0, 0, 0, 0], to: "models-2/data")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(of: "models/next"), withDestinationPath: "../models-2/data")
    expect(.dataFileElsewhere(location: "next", tensor: "w"), [("location", "next")])
  }

  @Test func aFileThatIsMissingOrNoFileIsNamed() throws {
    let fixture = Repository.fixture("foreign/external.onnx").path
    let error = #expect(throws: ONNXError.self) { try ONNXModel(contentsOf: fixture) }
    #expect(error?.description.contains("weights.bin: cannot open: ") ?? false)
    guard case .dataFile(let error, tensor: "w")? = error?.problem, error.kind == .missing else {
      Issue.record("\(String(describing: error))")
      return
    }
    let noFile = #expect(throws: ONNXError.self) { try open(model([("location", "parts")])) }
    #expect(noFile?.description.contains("parts: cannot") ?? false)
  }

  @Test func aFileThatIsTooShortIsNamed() {
    let location = ("location", "model.data")
    expect(
      .dataFileTooShort(location: "model.data", size: 16, tensor: "w", end: 17), [location, ("offset", "9")])
    expect(
      .dataFileTooShort(location: "model.data", size: 16, tensor: "w", end: .max),
      [location, ("offset", "9223372036854775807")])
  }

  @Test func aLengthThatIsNotThatOfTheShape() {
    for length in [0, 7, 16, Int.max] {
      expect(
        .wrongSize(tensor: "w", needed: 8, given: length), [("location", "model.data"), ("length", "\(length)")])
    }
  }

  @Test func entriesThatAreNoPlace() {
    expect(.externalField("location", tensor: "w"), [])
    expect(.externalField("location", tensor: "w"), [("offset", "0")])
    for text in ["-4", "+4", "", "x", "0x4", "4.0", " 4", "9223372036854775808", "٤"] {
      expect(.externalField("offset", tensor: "w"), [("location", "model.data"), ("offset", text)])
      expect(.externalField("length", tensor: "w"), [("location", "model.data"), ("length", text)])
    }
    expect(
      .standsTwice("the location of the data of tensor \"w\""),
      [("location", "model.data"), ("location", "model.data")])
  }

  @Test func numbersInTheModelAndInAnotherFile() {
    let raw = Protobuf.field(9, [0, 0, 0, 0, 0, 0, 0, 0])
    expect(.severalData(tensor: "w"), [("location", "model.data")], raw)
    expect(.severalData(tensor: "w"), [("location", "model.data")], raw + Protobuf.field(14, 0))
  }

  @Test func aModelThatIsNoFileHasNoFilesBesideIt() {
    let problem = ONNXError.Problem.dataFileOfNoFile(location: "model.data", tensor: "w")
    #expect(throws: ONNXError(file: "file", problem: problem)) {
      try ONNXModel(memory(model([("location", "model.data")])))
    }
  }
}
