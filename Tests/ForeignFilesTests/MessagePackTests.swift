import CharrnnFuzzing
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Files of flax 0.12.8 and msgpack 1.2.4 come back as they were saved, and are written as those write them.
@Suite struct MessagePackTests {
  private func file(_ name: String) throws -> MessagePackFile { try MessagePackFile(fixture(name)) }

  private let shapes: [(name: String, shape: [Int])] = [
    ("Dense_0/bias", [2]), ("Dense_0/kernel", [3, 2]), ("OptimizedLSTMCell_0/hf/bias", [3]),
    ("OptimizedLSTMCell_0/hf/kernel", [3, 3]), ("OptimizedLSTMCell_0/hg/bias", [3]),
    ("OptimizedLSTMCell_0/hg/kernel", [3, 3]), ("OptimizedLSTMCell_0/hi/bias", [3]),
    ("OptimizedLSTMCell_0/hi/kernel", [3, 3]), ("OptimizedLSTMCell_0/ho/bias", [3]),
    ("OptimizedLSTMCell_0/ho/kernel", [3, 3]), ("OptimizedLSTMCell_0/if/kernel", [2, 3]),
    ("OptimizedLSTMCell_0/ig/kernel", [2, 3]), ("OptimizedLSTMCell_0/ii/kernel", [2, 3]),
    ("OptimizedLSTMCell_0/io/kernel", [2, 3]),
  ]

  // MARK: What is read

  @Test func parametersOfAModelComeBackByTheirPaths() throws {
    let file = try file("flax.msgpack")
    let tensors = try file.tensors(under: "params")
    #expect(Set(tensors.names) == Set(shapes.map(\.name)))
    #expect(try Set(file.tensors().names) == Set(shapes.map { "params/\($0.name)" }))
    for (number, (name, shape)) in shapes.enumerated() {
      let expected = StoredTensor(ruled(shape.reduce(1, *), number: Float(number)), shape: shape)
      #expect(tensors[name] == expected, "\(name)")
    }
  }

  @Test func aStateHasItsNumbersAndTextsBesideItsArrays() throws {
    let file = try file("flax-state.msgpack")
    #expect(file.root["step"] == .int(3) && file.root["rate"] == .float(0.5) && file.root["name"] == .string("tagger"))
    #expect(file.root["none"] == MessagePackValue.none && file.root["missing"] == nil)
    let tensors = try file.tensors()
    #expect(Set(tensors.names) == ["params/w", "moments/0", "moments/1", "half"])
    #expect(tensors["params/w"] == StoredTensor(ruled(6), shape: [2, 3]))
    #expect(tensors["moments/1"] == StoredTensor([2 as Float], shape: []))
    #expect(tensors["half"]?.dtype == .bf16 && tensors["half"]?.values(as: Float.self) == ruled(3))
  }

  @Test func arraysInPartsAreJoined() throws {
    let tensors = try file("flax-chunked.msgpack").tensors()
    #expect(tensors.names == ["a/w", "b"])
    #expect(tensors["a/w"] == StoredTensor(ruled(15), shape: [3, 5]))
  }

  @Test func everyTypeComesBack() throws {
    let tensors = try file("flax-types.msgpack").tensors()
    let bytes: [UInt8] = [0, 1, 2, 3, 4, 5]
    #expect(tensors.names.count == 12)
    #expect(tensors["f2"]?.values(as: Float.self) == ruled(6))
    #expect(tensors["f4"] == StoredTensor(ruled(6), shape: [2, 3]))
    #expect(tensors["f8"] == StoredTensor(ruled(6).map { Double($0) }, shape: [2, 3]))
    #expect(tensors["i1"] == StoredTensor(dtype: .i8, shape: [2, 3], bytes: bytes))
    #expect(tensors["i8"] == StoredTensor(bytes.map { Int64($0) }, shape: [2, 3]))
    #expect(tensors["u4"] == StoredTensor(bytes.map { UInt32($0) }, shape: [2, 3]))
    #expect(tensors["b1"] == StoredTensor(dtype: .bool, shape: [2, 3], bytes: [0, 1, 0, 1, 0, 1]))
  }

  @Test func everyValueComesBack() throws {
    guard case .array(let values) = try file("values.msgpack").root else {
      Issue.record("no array")
      return
    }
    let numbers = [
      0, 127, 128, 255, 256, 65535, 65536, 1 << 32 - 1, 1 << 32, Int.max, -1, -32, -33, -128, -129, -32768, -32769,
      -1 << 31, -1 << 31 - 1, Int.min,
    ]
    #expect(values[0] == .array(numbers.map { .int($0) }))
    let texts = [("a", 31), ("b", 32), ("c", 300)].map { MessagePackValue.string(String(repeating: $0, count: $1)) }
    #expect(values[1] == .array([.none, .bool(true), .bool(false), .float(0.5)] + texts + [.bytes([0, 255])]))
    #expect((0..<20).allSatisfy { values[2]["\($0)"] == .int($0) })
    #expect(values[3] == .other(kind: 5, [0x78]))
    #expect(values[4] == .other(kind: -1, [0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8)))
  }

  // MARK: What is written

  @Test(arguments: ["flax.msgpack", "flax-types.msgpack", "values.msgpack"])
  func theBytesAreThoseOfFlax(name: String) throws {
    let mapped = try fixture(name)
    #expect(try MessagePackFile(mapped).serialized() == mapped[0..<mapped.count])
  }

  @Test func partsAreThoseOfFlax() throws {
    let mapped = try fixture("flax-chunked.msgpack")
    #expect(try MessagePackFile(mapped).serialized(chunkSize: 16) == mapped[0..<mapped.count])
  }

  @Test func tensorsAreNestedByTheirNames() throws {
    let first = StoredTensor(ruled(6), shape: [2, 3])
    let second = StoredTensor([1 as Float], shape: [])
    let file = try MessagePackFile([("params/a/kernel", first), ("b", second), ("params/a/bias", second)], to: "file")
    #expect(file.root["params"]?["a"]?["kernel"] == .tensor(first))
    let again = try MessagePackFile(memory(file.serialized())).tensors()
    #expect(again.names == ["params/a/kernel", "params/a/bias", "b"] && again["params/a/bias"] == second)
  }

  @Test(arguments: [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["a//b"], ["", "a"], ["__msgpack_chunked_array__"]])
  func namesThatMakeNoTreeAreRefused(names: [String]) {
    let tensor = StoredTensor([1 as Float], shape: [])
    #expect(throws: MessagePackError.self) { try MessagePackFile(names.map { ($0, tensor) }, to: "file") }
  }

  // MARK: What is refused

  private func expect(
    _ problem: MessagePackError.Problem, from bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: MessagePackError(file: "file", problem: problem), sourceLocation: sourceLocation) {
      _ = try MessagePackFile(memory(bytes)).tensors()
    }
  }

  /// An array of flax with this shape, type and number of bytes.
  private func array(_ shape: [UInt8], type: String, count: UInt8) -> [UInt8] {
    let body =
      [0x93, 0x90 | UInt8(shape.count)] + shape + [0xA0 | UInt8(type.utf8.count)] + Array(type.utf8) + [0xC4, count]
      + [UInt8](repeating: 0, count: Int(count))
    return [0xC7, UInt8(body.count), 1] + body
  }

  @Test func valuesThatAreMalformed() {
    expect(.cutShort(offset: 0), from: [])
    expect(.cutShort(offset: 5), from: [0xDD, 0xFF, 0xFF, 0xFF, 0xFF])
    expect(.cutShort(offset: 5), from: [0xDF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0])
    expect(.cutShort(offset: 5), from: [0xC6, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0])
    expect(.unknownCode(0xC1, offset: 0), from: [0xC1])
    expect(.trailingBytes(offset: 1), from: [0xC0, 0xC0])
    expect(.textNotUTF8(offset: 1), from: [0xA1, 0xFF])
    expect(.integerTooLarge(offset: 0), from: [0xCF, 0x80] + [UInt8](repeating: 0, count: 7))
    expect(.nestedTooDeeply(offset: 65), from: [UInt8](repeating: 0x91, count: 100))
    let many = 1 << 18
    expect(
      .tooManyValues(offset: many + 4), from: [0xDD, 0, 4, 0, 0] + [UInt8](repeating: 0xC0, count: many))
    expect(.noTensors, from: [0xC0])
    expect(.keyIsNoText(under: ""), from: [0x81, 1] + array([1], type: "int8", count: 1))
  }

  @Test(arguments: [[0xDB], [0xC6], [0xC9]] as [[UInt8]]) func textsAndBytesBesideArraysOfMoreThanIsKept(code: [UInt8])
  {
    let count = CheckpointLimits.texts + 1
    let head = code + LittleEndianBytes.encode([UInt32(count).byteSwapped]) + (code == [0xC9] ? [7] : [])
    expect(.tooManyValues(offset: head.count), from: head + [UInt8](repeating: 0x78, count: count))
  }

  @Test func arraysThatAreMalformed() {
    expect(.unknownType("complex128", offset: 3), from: array([1], type: "complex128", count: 16))
    expect(.wrongSize(offset: 3, needed: 8, given: 4), from: array([2], type: "float32", count: 4))
    expect(
      .malformedArray(offset: 3, expected: "sizes that are whole numbers"), from: array([0xFF], type: "int8", count: 1))
    expect(.malformedArray(offset: 2, expected: "its shape, type and bytes"), from: [0xD4, 1, 0xC0])
    expect(
      .duplicateName("a"),
      from: [0x82, 0xA1, 0x61] + array([], type: "int8", count: 1) + [0xA1, 0x61] + array([], type: "int8", count: 1))
    let mark = [0x81, 0xB9] + Array("__msgpack_chunked_array__".utf8) + [0xC3]
    expect(.malformedArray(offset: 1, expected: "a shape and parts"), from: mark)
  }
}
