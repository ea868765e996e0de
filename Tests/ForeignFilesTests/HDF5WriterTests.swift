import CharrnnTestSupport
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Files that are written come back as they were given.
@Suite struct HDF5WriterTests {
  private func sample() throws -> HDF5Writer {
    var writer = HDF5Writer(to: "file")
    try writer.add(StoredTensor(ruled(6), shape: [2, 3]), at: "layers/lstm/cell/vars/0")
    try writer.add(StoredTensor(ruled(2, number: 1), shape: [2]), at: "layers/lstm/cell/vars/1")
    try writer.addGroup("layers/input_layer/vars")
    try writer.setAttribute("layer_names", to: .texts(["lstm", "é", "", "lstm"]))
    try writer.setAttribute("name", to: .text("lstm_cell"), of: "layers/lstm/cell/vars")
    try writer.setAttribute(
      "numbers", to: .numbers(StoredTensor(ruled(4), shape: [2, 2])), of: "layers/lstm/cell/vars/0")
    try writer.setAttribute("nothing", to: .empty)
    try writer.setAttribute("none", to: .texts([]))
    return writer
  }

  @Test func tensorsGroupsAndAttributesComeBack() throws {
    let file = try HDF5File(memory(sample().serialized()))
    let tensors = try file.tensors()
    #expect(tensors.names == ["layers/lstm/cell/vars/0", "layers/lstm/cell/vars/1"])
    #expect(tensors["layers/lstm/cell/vars/0"] == StoredTensor(ruled(6), shape: [2, 3]))
    #expect(tensors["layers/lstm/cell/vars/1"] == StoredTensor(ruled(2, number: 1), shape: [2]))
    #expect(file["layers/input_layer/vars"]?.isGroup == true)
    #expect(try file.attribute("layer_names") == .texts(["lstm", "é", "", "lstm"]))
    #expect(try file.attribute("name", of: "layers/lstm/cell/vars") == .text("lstm_cell"))
    let numbers = try file.attribute("numbers", of: "layers/lstm/cell/vars/0")
    #expect(numbers == .numbers(StoredTensor(ruled(4), shape: [2, 2])))
    #expect(try file.attribute("nothing") == .empty && file.attribute("none") == .texts([]))
  }

  @Test(
    arguments: [.f16, .f32, .f64, .bf16, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .bool] as [StoredTensor.DType])
  func everyTypeComesBack(dtype: StoredTensor.DType) throws {
    for shape in [[2, 3], [], [0, 2]] {
      let bytes = [UInt8](repeating: 1, count: shape.reduce(dtype.bitCount / 8, *))
      let tensor = StoredTensor(dtype: dtype, shape: shape, bytes: bytes)
      var writer = HDF5Writer(to: "file")
      try writer.add(tensor, at: "w")
      #expect(try HDF5File(memory(writer.serialized())).tensors()["w"] == tensor)
    }
  }

  @Test func manyTensorsAndTextsComeBack() throws {
    var writer = HDF5Writer(to: "file")
    let names = (0..<amount(debug: 400, release: 2000)).map { "layer-\($0)" }
    for name in names {
      try writer.add(StoredTensor([Float(name.utf8.count)], shape: [1]), at: "\(name)/w")
      try writer.setAttribute("name", to: .text(name), of: name)
    }
    let long = String(repeating: "x", count: 100_000)
    try writer.setAttribute("model_config", to: .text(long))
    let file = try HDF5File(memory(writer.serialized()))
    #expect(try file.tensors().names.count == names.count)
    #expect(try names.allSatisfy { try file.attribute("name", of: $0) == .text($0) })
    #expect(try file.attribute("model_config") == .text(long))
  }

  @Test func theBytesDependOnTheContentAlone() throws {
    var other = HDF5Writer(to: "other")
    try other.add(StoredTensor([1 as Float], shape: [1]), at: "b")
    try other.add(StoredTensor([2 as Float], shape: [1]), at: "a")
    #expect(try sample().serialized() == sample().serialized())
    #expect(other.serialized() == other.serialized())
  }

  @Test func whatCannotBeWrittenIsRefused() throws {
    var writer = try sample()
    func expect(_ problem: HDF5Error.Problem, _ object: String, _ body: () throws -> Void) {
      #expect(throws: HDF5Error(file: "file", object: object, problem: problem), performing: body)
    }
    let tensor = StoredTensor([1 as Float], shape: [])
    expect(.duplicateName, "layers/lstm") { try writer.add(tensor, at: "layers/lstm") }
    expect(.noGroup, "layers/lstm/cell/vars/0/x") { try writer.add(tensor, at: "layers/lstm/cell/vars/0/x") }
    expect(.duplicateName, "/") { try writer.add(tensor, at: "/") }
    expect(.notWritten("elements of type F8_E5M2"), "x") {
      try writer.add(StoredTensor(dtype: .f8e5m2, shape: [1], bytes: [0]), at: "x")
    }
    expect(.notWritten("an attribute of this name or size"), "/") {
      try writer.setAttribute("names", to: .texts([String](repeating: "x", count: 5000)))
    }
  }
}
