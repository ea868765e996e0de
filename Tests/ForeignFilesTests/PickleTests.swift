import CharrnnFuzzing
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Pickles by hand: nothing in them is run, and each way in which they can lie is refused by name.
@Suite struct PickleTests {
  private func root(_ value: [UInt8]) throws -> PickledValue {
    try TorchCheckpoint(memory(torchFile(pickle: Pickle.file(value)))).root
  }

  /// Problem of a pickle, whatever its offset.
  private func problem(_ pickle: [UInt8]) -> TorchFileError.PickleProblem? {
    let error = #expect(throws: TorchFileError.self) { try TorchCheckpoint(memory(torchFile(pickle: pickle))) }
    guard case .pickle(let problem, _)? = error?.problem else { return nil }
    return problem
  }

  /// Problem of a state dict with one tensor, `w`.
  private func problem(ofTensor tensor: [UInt8]) -> TorchFileError.Problem? {
    let pickle = Pickle.file(Pickle.dictionary([("w", tensor)]))
    return #expect(throws: TorchFileError.self) {
      _ = try TorchCheckpoint(memory(torchFile(pickle: pickle))).tensors()
    }?.problem
  }

  // MARK: Values

  @Test(
    arguments: [
      ([0x8A, 0], 0), ([0x8A, 1, 0xFF], -1), ([0x8A, 9, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0], Int.max),
      ([0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], Int.min), ([0x4A, 0xFE, 0xFF, 0xFF, 0xFF], -2), ([0x4B, 0xFF], 255),
      ([0x4D, 0xFF, 0xFF], 65535),
    ] as [([UInt8], Int)]) func integersOfEveryWidthAreRead(instructions: [UInt8], number: Int) throws
  {
    #expect(try root(instructions) == .int(number))
  }

  @Test func anIntegerOfMoreThan64BitsIsRefused() {
    #expect(problem(Pickle.file([0x8A, 9] + [UInt8](repeating: 0, count: 8) + [1])) == .integerTooLarge)
    #expect(problem(Pickle.file([0x8A, 9] + [UInt8](repeating: 0xFF, count: 8) + [0])) == .integerTooLarge)
  }

  /// A list that is filled after another has referred to it.
  @Test func aContainerIsTheSameWhereverItStands() throws {
    let list: [UInt8] = [0x5D, 0x71, 0] + [0x68, 0] + [0x4B, 7, 0x61]
    #expect(try root([0x28] + list + [0x74]) == .tuple([.list([.int(7)]), .list([.int(7)])]))
  }

  @Test func theLastValueOfAKeyCounts() throws {
    #expect(try root(Pickle.dictionary([("a", Pickle.int(1)), ("a", Pickle.int(2))]))["a"] == .int(2))
  }

  // MARK: What is refused

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("torch.storage", "_load_from_bytes"),
    ("torch", "load"), ("torch._utils", "_rebuild_tensor"), ("collections", "OrderedDict.update"), ("numpy", "dtype"),
  ]) func anyOtherNameIsRefusedWithIt(module: String, name: String) {
    let refused = TorchFileError.PickleProblem.unknownGlobal("\(module).\(name)")
    #expect(problem(Pickle.file(Pickle.call(Pickle.global(module, name), [Pickle.text("true")]))) == refused)
    let byStack = Pickle.text(module) + Pickle.text(name) + [0x93]
    #expect(problem(Pickle.file(Pickle.call(byStack, [Pickle.text("true")]))) == refused)
  }

  @Test func theMessageOfARefusedNameIsOneLine() {
    let file = memory(torchFile(pickle: Pickle.file(Pickle.global("os", "system"))))
    let error = #expect(throws: TorchFileError.self) { try TorchCheckpoint(file) }
    #expect(
      error?.description == "file: byte 2 of data.pkl: it names \"os.system\", which is not plain data and is not run; "
        + "save model.state_dict() and plain values alone")
  }

  @Test(arguments: [0x69, 0x81, 0x92, 0x82, 0x50, 0x46, 0x49, 0x97, 0] as [UInt8])
  func anInstructionThatMakesNoPlainDataIsRefused(code: UInt8) {
    #expect(problem(Pickle.file([code])) == .unknownInstruction(code))
  }

  @Test func aPickleThatIsMalformed() {
    let malformed: [[UInt8]] = [
      [], [0x4E, 0x4E], [0x28, 0x4E], [0x74], [0x85], [0x61], [0x5D, 0x61], [0x4E, 0x4E, 0x61],
      [0x7D, 0x28, 0x4E, 0x75],
      [0x5D, 0x4E, 0x4E, 0x73], [0x68, 0], [0x71, 0], [0x4E, 0x71, 1], [0x4E, 0x28, 0x71, 0], [0x4E, 0x52], [0x51],
      [0x4E, 0x51], [0x4E, 0x28, 0x85], [0x4E, 0x4E, 0x62], Pickle.global("torch", "Size"),
      Pickle.storage(), Pickle.global("torch", "Size") + [0x4E, 0x52], Pickle.tensor([0x4E], shape: [], strides: []),
      Pickle.call(Pickle.global("torch", "device"), []), Pickle.call(Pickle.global("torch", "FloatStorage"), []),
      Pickle.call(Pickle.global("collections", "OrderedDict"), [Pickle.int(1)]),
      Pickle.call(Pickle.global("_codecs", "encode"), [Pickle.text("\u{100}"), Pickle.text("latin1")]),
      Pickle.storage(count: -1),
    ]
    for value in malformed {
      guard case .malformed? = problem(Pickle.file(value)) else {
        Issue.record("\(value): \(String(describing: problem(Pickle.file(value))))")
        continue
      }
    }
  }

  @Test func otherProtocolsTextsAndEnds() {
    #expect(problem([0x80, 1, 0x4E, 0x2E]) == .unknownProtocol(1))
    #expect(problem([0x80, 6, 0x4E, 0x2E]) == .unknownProtocol(6))
    #expect(problem(Pickle.file([0x8C, 1, 0xFF])) == .textNotUTF8)
    #expect(problem(Pickle.file([0x4E]) + [0]) == .trailingBytes)
    #expect(problem(Pickle.file([0x8D] + [UInt8](repeating: 0xFF, count: 8))) == .integerTooLarge)
    #expect(problem(Pickle.file([0x8E] + [UInt8](repeating: 0xFF, count: 7) + [0x7F])) == .cutShort)
  }

  @Test func aPickleOfTooManyInstructions() {
    #expect(problem(Pickle.file([UInt8](repeating: 0x4E, count: 1 << 18))) == .tooManyInstructions)
  }

  /// A long text, of which many others would be made.
  @Test(arguments: [
    Pickle.global("torch", "device") + [0x28, 0x68, 0, 0x4B, 1, 0x74, 0x52],
    Pickle.global("_codecs", "encode") + [0x28, 0x68, 0] + Pickle.text("latin1") + [0x74, 0x52],
  ])
  func aTextThatIsUsedOverAndOver(use: [UInt8]) {
    let long = [0x58] + LittleEndianBytes.encode([UInt32(1 << 22)]) + [UInt8](repeating: 0x78, count: 1 << 22)
    let uses = [[UInt8]](repeating: use, count: 3).flatMap(\.self)
    #expect(problem(Pickle.file([0x28] + long + [0x71, 0] + uses + [0x74])) == .tooMuchText)
  }

  /// A list within itself, and lists one within the other.
  @Test func valuesNestedWithoutEnd() {
    #expect(problem(Pickle.file([0x5D, 0x71, 0, 0x68, 0, 0x61])) == .nestedTooDeeply)
    let deep = [UInt8](repeating: 0x5D, count: 65) + [UInt8](repeating: 0x61, count: 64)
    #expect(problem(Pickle.file(deep)) == .nestedTooDeeply)
    let allowed = [UInt8](repeating: 0x5D, count: 64) + [UInt8](repeating: 0x61, count: 63)
    #expect(throws: Never.self) { try root(allowed) }
  }

  /// Each of thirty tuples holds the one before twice: a billion values in a hundred bytes.
  @Test func valuesThatAreRepeatedWithoutEnd() {
    let doubling = (0..<30 as Range<UInt8>).flatMap { [0x71, $0, 0x68, $0, 0x86] as [UInt8] }
    #expect(problem(Pickle.file([0x29] + doubling)) == .tooManyValues)
  }

  // MARK: Tensors

  @Test func tensorsThatDoNotFitTheirStorage() {
    #expect(
      problem(ofTensor: Pickle.tensor(offset: 1, shape: [8], strides: [1]))
        == .outsideStorage(tensor: "w", end: 9, count: 8))
    #expect(
      problem(ofTensor: Pickle.tensor(shape: [2, 2], strides: [1, 7])) == .outsideStorage(tensor: "w", end: 9, count: 8)
    )
    #expect(
      problem(ofTensor: Pickle.tensor(shape: [1 << 40], strides: [0]))
        == .repeatedElements(tensor: "w", count: 1 << 40, stored: 8))
    let shapes = [([8], [-1]), ([-1], [1]), ([.max, 2], [1, 1]), ([2, 2], [.max, .max]), ([2], [1, 1])]
    for (shape, strides) in shapes {
      #expect(problem(ofTensor: Pickle.tensor(shape: shape, strides: strides)) == .shapeTooLarge(tensor: "w"))
    }
    #expect(problem(ofTensor: Pickle.tensor(offset: -1, shape: [1], strides: [1])) == .shapeTooLarge(tensor: "w"))
    let axes = [Int](repeating: 1, count: 33)
    #expect(problem(Pickle.file(Pickle.tensor(shape: axes, strides: [1]))) == .tooManyDimensions)
    #expect(problem(Pickle.file(Pickle.tensor(shape: [1], strides: axes))) == .tooManyDimensions)
  }

  @Test func storagesThatAreMissingOrOfAnotherSize() {
    let elsewhere = Pickle.storage("../0")
    #expect(
      problem(ofTensor: Pickle.tensor(elsewhere, shape: [8], strides: [1])) == .missingStorage("../0", tensor: "w"))
    for (storage, needed) in [
      (Pickle.storage(count: 9), 36), (Pickle.storage(kind: "DoubleStorage"), 64),
      (Pickle.storage(count: 1 << 40), 1 << 42),
      (Pickle.storage(count: .max), .max),
    ] {
      #expect(
        problem(ofTensor: Pickle.tensor(storage, shape: [8], strides: [1]))
          == .wrongStorageSize(tensor: "w", needed: needed, given: 32))
    }
  }

  @Test func namesThatStandTwice() {
    let tensor = Pickle.tensor(shape: [8], strides: [1])
    let pickle = Pickle.file(Pickle.dictionary([("w", tensor), ("w", tensor)]))
    #expect(throws: TorchFileError(file: "file", problem: .duplicateName("w"))) {
      try TorchCheckpoint(memory(torchFile(pickle: pickle))).tensors()
    }
  }

  /// Transposed views of one storage under so many names that copies would take more than the file and `CheckpointLimits.copies`.
  @Test func copiesOfMoreThanTheFileAndSome() {
    let side = 1024
    let storage = Pickle.storage(kind: "DoubleStorage", count: side * side)
    let views = (0..<10).map { ("w\($0)", Pickle.tensor(storage, shape: [side, side], strides: [1, side])) }
    let file = storedArchive([
      ("m/data.pkl", Pickle.file(Pickle.dictionary(views))),
      ("m/data/0", [UInt8](repeating: 0, count: 8 * side * side)),
    ])
    #expect(throws: TorchFileError(file: "file", problem: .tooMuchMemory(tensor: "w5"))) {
      try TorchCheckpoint(memory(file)).tensors()
    }
  }
}
