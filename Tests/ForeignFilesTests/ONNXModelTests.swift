import CharrnnFuzzing
import CharrnnTestSupport
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Files of onnx 1.23.2, PyTorch 2.15.0 and Keras 3.15.1 come back as they were, and what is not read is refused by name.
@Suite struct ONNXModelTests {
  private func expect(
    _ problem: ONNXError.Problem, from bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: ONNXError(file: "file", problem: problem), sourceLocation: sourceLocation) {
      try ONNXModel(memory(bytes))
    }
  }

  private func problem(_ name: String) throws -> ONNXError.Problem? {
    let file = try fixture(name)
    return #expect(throws: ONNXError.self) { try ONNXModel(file) }?.problem
  }

  // MARK: What is read

  @Test func tensorsComeBackFromEitherFieldOfTheirData() throws {
    let tensors = try ONNXModel(fixture("types.onnx")).graph.initializers
    let names = ["f32", "f64", "f16", "bf16", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool"]
    #expect(tensors.names == names.flatMap { ["\($0) typed", "\($0) raw"] } + ["scalar", "empty"])
    for name in names {
      let raw = try #require(tensors["\(name) raw"])
      #expect(raw == tensors["\(name) typed"] && raw.shape == [2, 3], "\(name)")
      switch name {
      case "f32", "f64", "f16", "bf16": #expect(raw.values() == ruled(6), "\(name)")
      case "i32": #expect(raw.values() == [-3, -2, -1, 0, 1, 2] as [Int32])
      case "i64": #expect(raw.values() == [-3, -2, -1, 0, 1, 2] as [Int64])
      case "i8": #expect(raw.bytes == [0xFD, 0xFE, 0xFF, 0, 1, 2])
      case "i16": #expect(raw.bytes == [0xFD, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 1, 0, 2, 0])
      case "bool": #expect(raw.bytes == [0, 1, 0, 1, 0, 1])
      default:
        let zeros = [UInt8](repeating: 0, count: raw.bytes.count / 6 - 1)
        let expected: [UInt8] = (0..<6).flatMap { [UInt8($0)] + zeros }
        #expect(raw.bytes == expected, "\(name)")
      }
    }
    #expect(tensors["scalar"] == StoredTensor([5 as Float], shape: []))
    #expect(tensors["empty"] == StoredTensor([] as [Float], shape: [0, 5]))
  }

  @Test func everyKindOfAttributeAndValueComesBack() throws {
    let model = try ONNXModel(fixture("attributes.onnx"))
    #expect(model.formatVersion == 8 && model.operatorSets == ["": 17, "test": 3])
    #expect(model.producerName == "hand" && model.producerVersion == "1.2")
    #expect(model.metadata == ["a": "first", "b": "second"])
    let branch = ONNXGraph(
      name: "branch", nodes: [ONNXNode("Identity", inputs: ["x"], outputs: ["inner"])], inputs: [],
      outputs: [ONNXValue("inner", dtype: .f32, shape: nil)])
    let node = ONNXNode(
      "Everything", domain: "test", name: "node", inputs: ["x", "", "y"], outputs: ["z"],
      attributes: [
        "afloat": .float(0.5), "anint": .int(-3), "astring": .string("text"),
        "atensor": .tensor(StoredTensor(ruled(2), shape: [2])), "agraph": .graph(branch), "floats": .floats([0.5, -1]),
        "ints": .ints([1, -2, 3]), "strings": .strings(["a", "b"]),
      ])
    let inputs = [
      ONNXValue("x", dtype: .i64, shape: [.named("time"), .size(2), .unknown]), ONNXValue("y", dtype: nil, shape: nil),
    ]
    #expect(
      model.graph
        == ONNXGraph(
          name: "graph", nodes: [node], inputs: inputs, outputs: [ONNXValue("z", dtype: nil, shape: nil)]))
  }

  @Test(arguments: [
    "torch-old-lstm", "torch-old-gru", "torch-old-rnn", "torch-new-lstm", "torch-new-gru", "keras", "types",
    "attributes",
    "recurrent", "folded",
  ])
  func aModelComesBackAsItWasWritten(name: String) throws {
    let model = try ONNXModel(fixture("\(name).onnx"))
    #expect(!model.graph.nodes.isEmpty || name == "types")
    #expect(try ONNXModel(memory(model.serialized())) == model)
  }

  @Test func tensorsStayInTheFile() throws {
    let file = try fixture("types.onnx")
    let tensor = try #require(try ONNXModel(file).graph.initializers["f32 typed"])
    guard case .mapped = tensor.contents else {
      Issue.record("the tensor was copied")
      return
    }
  }

  @Test func numbersMayBePackedOrNot() throws {
    let packed = Protobuf.field(5, Protobuf.field(1, "a") + Protobuf.field(8, [1, 2]) + Protobuf.field(20, 7))
    let single = Protobuf.field(
      5, Protobuf.field(1, "a") + Protobuf.field(8, 1) + Protobuf.field(8, 2) + Protobuf.field(20, 7))
    let model = try ONNXModel(memory(Protobuf.model(node: packed)))
    #expect(model.graph.nodes[0].attributes == ["a": .ints([1, 2])])
    #expect(try ONNXModel(memory(Protobuf.model(node: single))) == model)
  }

  @Test func fieldsThatAreNotKnownAreSkipped() throws {
    let model = Protobuf.model(graph: [])
    let more = [0x79, 1, 2, 3, 4, 5, 6, 7, 8] + Protobuf.field(9, "later") + [0x9D, 0x06, 1, 2, 3, 4]
    #expect(try ONNXModel(memory(model + more)) == ONNXModel(memory(model)))
  }

  // MARK: What is refused

  @Test func partsThatAreNotReadAreNamed() throws {
    #expect(try problem("functions.onnx") == .function("Twice"))
    #expect(try problem("sparse.onnx") == .sparseTensor("s"))
    #expect(try problem("texts.onnx") == .unknownType(tensor: "names", number: 8))
    let reference = Protobuf.field(5, Protobuf.field(1, "a") + Protobuf.field(21, "outer") + Protobuf.field(20, 1))
    expect(.attributeKind("a", node: "n"), from: Protobuf.model(node: reference))
    for kind in [0, 9, 11, 14] {
      let attribute = Protobuf.field(5, Protobuf.field(1, "a") + Protobuf.field(20, kind))
      expect(.attributeKind("a", node: "n"), from: Protobuf.model(node: attribute))
    }
    let float = Protobuf.field(5, Protobuf.field(1, "a") + Protobuf.field(3, 1) + Protobuf.field(20, 1))
    expect(.attributeKind("a", node: "n"), from: Protobuf.model(node: float))
  }

  @Test func whatIsNoMessage() {
    expect(.noGraph, from: [])
    expect(.noGraph, from: Protobuf.field(1, 8))
    expect(.malformed(offset: 0, expected: "a field"), from: Array("text".utf8))
    expect(.malformed(offset: 0, expected: "a field"), from: [0])
    expect(.malformed(offset: 0, expected: "a field"), from: [UInt8](repeating: 0xFF, count: 20))
    expect(.malformed(offset: 1, expected: "an integer"), from: [8, 0x80])
    expect(.malformed(offset: 1, expected: "a length"), from: [0x3A, 0xFF])
    expect(.cutShort(offset: 2, needed: 5, left: 1), from: [0x3A, 5, 0])
    expect(.cutShort(offset: 11, needed: .max, left: 0), from: [0x3A] + [UInt8](repeating: 0xFF, count: 9) + [1])
    expect(.malformed(offset: 0, expected: "a message"), from: Protobuf.field(7, 1))
    expect(.malformed(offset: 0, expected: "an integer"), from: Protobuf.field(1, "a"))
    expect(.textNotUTF8(offset: 0), from: Protobuf.field(2, [0xFF]))
  }

  @Test func whatStandsTwice() {
    expect(.standsTwice("the graph"), from: Protobuf.model(graph: []) + Protobuf.field(7, []))
    let entry = Protobuf.field(14, Protobuf.field(1, "a"))
    expect(.standsTwice("the metadata \"a\""), from: entry + entry)
    let tensor = Protobuf.field(5, Protobuf.field(1, 0) + Protobuf.field(2, 1) + Protobuf.field(8, "w"))
    expect(.standsTwice("the initializer \"w\""), from: Protobuf.model(graph: tensor + tensor))
    let attribute = Protobuf.field(5, Protobuf.field(1, "a") + Protobuf.field(20, 2))
    expect(.standsTwice("the attribute \"a\" of node \"n\""), from: Protobuf.model(node: attribute + attribute))
  }

  @Test func dataThatAreNotThoseOfTheirShape() {
    func floats(_ shape: [Int], _ data: [UInt8]) -> [UInt8] {
      Protobuf.model(tensor: shape.flatMap { Protobuf.field(1, $0) } + Protobuf.field(2, 1) + data)
    }
    expect(.wrongSize(tensor: "w", needed: 8, given: 4), from: floats([2], Protobuf.field(9, [0, 0, 0, 0])))
    expect(.wrongSize(tensor: "w", needed: 4, given: 0), from: floats([], []))
    expect(
      .wrongSize(tensor: "w", needed: 1 << 42, given: 4), from: floats([1 << 40], Protobuf.field(9, [0, 0, 0, 0])))
    expect(.shapeTooLarge(tensor: "w"), from: floats([1 << 40, 1 << 40], []))
    expect(.shapeTooLarge(tensor: "w"), from: floats([0, 1 << 40, 1 << 40], []))
    expect(.shapeTooLarge(tensor: "w"), from: floats([-1], []))
    expect(.tooManyDimensions(tensor: "w"), from: floats([Int](repeating: 1, count: 33), []))
    expect(
      .tooManyDimensions(tensor: "w"),
      from: Protobuf.model(tensor: Protobuf.field(1, [UInt8](repeating: 1, count: 1000))))
    expect(
      .severalData(tensor: "w"), from: floats([1], Protobuf.field(9, [0, 0, 0, 0]) + Protobuf.field(4, [0, 0, 0, 0])))
    let constant = Protobuf.field(5, Protobuf.field(1, "value") + Protobuf.field(5, Protobuf.field(2, 1)))
    expect(.wrongSize(tensor: "n.value", needed: 4, given: 0), from: Protobuf.model(node: constant))
    // Whole numbers in the field of a type of others, and numbers that the type does not have.
    expect(.malformedData(tensor: "w"), from: floats([1], Protobuf.field(5, [0])))
    let bytes = Protobuf.field(1, 1) + Protobuf.field(2, 2)
    expect(.malformedData(tensor: "w"), from: Protobuf.model(tensor: bytes + Protobuf.field(5, [0x80, 0x02])))
    expect(.malformedData(tensor: "w"), from: Protobuf.model(tensor: bytes + Protobuf.field(5, 1)))
    expect(
      .wrongSize(tensor: "w", needed: 1, given: 2), from: Protobuf.model(tensor: bytes + Protobuf.field(5, [0, 0])))
  }

  // MARK: What asks for too much

  @Test func graphsWithinGraphs() {
    var graph: [UInt8] = []
    for _ in 0..<1000 {
      let attribute = Protobuf.field(1, "a") + Protobuf.field(6, graph) + Protobuf.field(20, 5)
      graph = Protobuf.field(1, Protobuf.field(3, "n") + Protobuf.field(5, attribute))
    }
    let error = #expect(throws: ONNXError.self) { try ONNXModel(memory(Protobuf.model(graph: graph))) }
    guard case .nestedTooDeeply? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    Protobuf.field(1, []), Protobuf.field(11, []), Protobuf.field(1, Protobuf.field(1, "")),
    Protobuf.field(1, Protobuf.field(5, Protobuf.field(8, 1) + Protobuf.field(20, 7))),
    Protobuf.field(1, Protobuf.field(5, Protobuf.field(8, [UInt8](repeating: 1, count: 1000)))),
  ])
  func partsThatTakeMoreMemoryThanTheFile(part: [UInt8]) {
    let parts = [[UInt8]](repeating: part, count: 4_000_000 / part.count).flatMap { $0 }
    let error = #expect(throws: ONNXError.self) { try ONNXModel(memory(Protobuf.model(graph: parts))) }
    guard case .tooMuchDescription? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
