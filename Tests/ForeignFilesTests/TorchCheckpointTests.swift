import CharrnnFuzzing
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Files of PyTorch 2.15.0 come back as they were saved.
@Suite struct TorchCheckpointTests {
  private let names = [
    "rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0", "decoder.weight", "decoder.bias",
  ]
  private let shapes = [[12, 2], [12, 3], [12], [12], [2, 3], [2]]

  private func expectModel(_ tensors: NamedTensors, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(tensors.names == names, sourceLocation: sourceLocation)
    for (number, (name, shape)) in zip(names, shapes).enumerated() {
      let expected = StoredTensor(ruled(shape.reduce(1, *), number: Float(number)), shape: shape)
      #expect(tensors[name] == expected, "\(name)", sourceLocation: sourceLocation)
    }
  }

  private func tensors(_ name: String, under key: String? = nil) throws -> NamedTensors {
    try TorchCheckpoint(fixture(name)).tensors(under: key)
  }

  @Test(arguments: ["state-dict.pt", "protocol-3.pt", "protocol-4.pt", "protocol-5.pt"])
  func aStateDictComesBackFromEveryProtocol(name: String) throws {
    expectModel(try tensors(name))
    #expect(try TorchCheckpoint(fixture(name)).stateDicts.isEmpty)
  }

  /// Adam's first step moves no weight whose gradient is zero.
  @Test func aCheckpointHasItsModelOptimizerAndNumbers() throws {
    let checkpoint = try TorchCheckpoint(fixture("checkpoint.pt"))
    #expect(checkpoint.stateDicts == ["model"])
    expectModel(try checkpoint.tensors())
    expectModel(try checkpoint.tensors(under: "model"))
    #expect(checkpoint.root["epoch"] == .int(3) && checkpoint.root["best"] == .float(0.5))
    #expect(checkpoint.root["name"] == .string("tagger") && checkpoint.root["missing"] == nil)
    #expect(
      checkpoint.root["notes"]
        == .list([.none, .bool(true), .tuple([.int(1), .int(-2)]), .bytes([0, 0xFF])]))
    guard case .list(let groups)? = checkpoint.root["optimizer"]?["param_groups"] else {
      Issue.record("no groups of parameters")
      return
    }
    #expect(groups.count == 1 && groups[0]["lr"] == .float(0.25))
    #expect(groups[0]["params"] == .list((0..<6).map { .int($0) }))
  }

  @Test func aLightningCheckpointHasItsStateDict() throws {
    let checkpoint = try TorchCheckpoint(fixture("lightning.pt"))
    expectModel(try checkpoint.tensors())
    let parameters = checkpoint.root["hyper_parameters"]
    #expect(parameters?["device"] == .string("cuda:0") && parameters?["dtype"] == .string("torch.float32"))
    #expect(parameters?["size"] == .tuple([.int(2), .int(3)]))
  }

  @Test func tiedWeightsStandUnderBothNames() throws {
    let tensors = try tensors("tied.pt")
    #expect(tensors.names == ["encoder.weight", "decoder.weight"])
    #expect(tensors["encoder.weight"] == StoredTensor(ruled(12), shape: [4, 3]))
    #expect(tensors["encoder.weight"] == tensors["decoder.weight"])
  }

  @Test func viewsComeBackInRowMajorOrder() throws {
    let tensors = try tensors("views.pt")
    func expect(_ name: String, _ indices: [Int], _ shape: [Int]) {
      #expect(tensors[name] == StoredTensor(indices.map { Float($0) / 8 }, shape: shape), "\(name)")
    }
    expect("whole", Array(0..<24), [4, 6])
    expect("transposed", (0..<6).flatMap { column in (0..<4).map { 6 * $0 + column } }, [6, 4])
    expect("rows", Array(6..<18), [2, 6])
    expect("columns", (0..<4).flatMap { [6 * $0 + 2, 6 * $0 + 3] }, [4, 2])
    expect("every-other", [0, 3, 12, 15], [2, 2])
    let axes = (0..<4).flatMap { last in (0..<2).flatMap { first in (0..<3).map { 12 * first + 4 * $0 + last } } }
    expect("three-axes", axes, [4, 2, 3])
    expect("none", [], [0, 6])
    #expect(tensors["parameter"] == StoredTensor(ruled(3, number: 7), shape: [3]))
  }

  @Test func everyTypeComesBack() throws {
    let tensors = try tensors("types.pt")
    let numbers: [Float] = [0, 1, 2, 3, 4, 5]
    #expect(tensors["torch.float64"] == StoredTensor(ruled(6).map { Double($0) }, shape: [2, 3]))
    #expect(tensors["torch.float16"]?.values(as: Float.self) == ruled(6) && tensors["torch.float16"]?.dtype == .f16)
    #expect(tensors["torch.bfloat16"]?.values(as: Float.self) == ruled(6) && tensors["torch.bfloat16"]?.dtype == .bf16)
    #expect(tensors["torch.int64"] == StoredTensor(numbers.map { Int64($0) }, shape: [2, 3]))
    #expect(tensors["torch.int32"] == StoredTensor(numbers.map { Int32($0) }, shape: [2, 3]))
    #expect(
      tensors["torch.int16"] == StoredTensor(dtype: .i16, shape: [2, 3], bytes: [0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0]))
    #expect(tensors["torch.int8"] == StoredTensor(dtype: .i8, shape: [2, 3], bytes: [0, 1, 2, 3, 4, 5]))
    #expect(tensors["torch.uint8"] == StoredTensor(numbers.map { UInt8($0) }, shape: [2, 3]))
    #expect(tensors["torch.bool"] == StoredTensor(dtype: .bool, shape: [3], bytes: [0, 1, 0]))
    #expect(tensors["torch.complex64"]?.bytes == StoredTensor([1, 2] as [Float], shape: [2]).bytes)
    #expect(tensors["scalar"] == StoredTensor([5 as Float], shape: []))
  }

  @Test func bigEndianStoragesAreSwapped() throws {
    let pickle = Pickle.file(Pickle.dictionary([("w", Pickle.tensor(shape: [8], strides: [1]))]))
    let little = try TorchCheckpoint(memory(torchFile(pickle: pickle))).tensors()
    let big = try TorchCheckpoint(memory(torchFile(pickle: pickle, byteOrder: "big"))).tensors()
    #expect(little["w"] == StoredTensor(ruled(8), shape: [8]))
    #expect(big["w"]?.values() == ruled(8).map { Float(bitPattern: $0.bitPattern.byteSwapped) })
    #expect(throws: TorchFileError(file: "file", problem: .unknownByteOrder("middle"))) {
      try TorchCheckpoint(memory(torchFile(pickle: pickle, byteOrder: "middle")))
    }
  }

  // MARK: What is refused

  private func problem(_ name: String) throws -> TorchFileError.Problem? {
    let file = try fixture(name)
    return #expect(throws: TorchFileError.self) { _ = try TorchCheckpoint(file).tensors() }?.problem
  }

  @Test func theFormatBefore16AndProgramsAreRefused() throws {
    #expect(try problem("old-format.pt") == .oldFormat)
    #expect(try problem("script.pt") == .torchScript)
    #expect(throws: ZIPError(file: "file", problem: .notAnArchive(size: 3))) { try TorchCheckpoint(memory([1, 2, 3])) }
    #expect(throws: TorchFileError(file: "file", problem: .noPickle)) {
      try TorchCheckpoint(memory(storedArchive([("data.pkl", Pickle.file([0x4E]))])))
    }
  }

  @Test func adviceNamesAnotherFileThanTheOneRead() {
    for problem in [TorchFileError.Problem.oldFormat, .torchScript] {
      #expect("\(problem)".hasSuffix(", \"new.pt\")"), "\(problem)")
    }
  }

  @Test func aWholeModuleIsRefusedWithTheNameOfItsClass() throws {
    guard case .pickle(.unknownGlobal("torch.nn.modules.linear.Linear"), _)? = try problem("whole-module.pt") else {
      Issue.record("\(String(describing: try problem("whole-module.pt")))")
      return
    }
  }

  @Test func severalStateDictsAreNamedAndOneCanBeChosen() throws {
    #expect(try problem("two-models.pt") == .severalStateDicts(["generator", "discriminator"]))
    #expect(try tensors("two-models.pt", under: "generator").names == ["w"])
    #expect(throws: TorchFileError.self) { try tensors("two-models.pt", under: "other") }
  }

  @Test func aFileWithoutAStateDictIsRefused() throws {
    #expect(try problem("no-model.pt") == .noStateDict)
  }

  @Test func aViewThatRepeatsElementsIsRefused() throws {
    #expect(try problem("expanded.pt") == .repeatedElements(tensor: "w", count: 8, stored: 1))
  }
}
