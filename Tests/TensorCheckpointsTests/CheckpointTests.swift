import CharrnnTestSupport
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct CheckpointTests {
  private static func example() -> Checkpoint {
    Checkpoint(
      tensors: [
        "rnn.weight_hh_l0": StoredTensor((0..<12).map { Float($0) / 7 }, shape: [4, 3]),
        "decoder.bias": StoredTensor([1, -2, 0.5] as [Float], shape: [3]),
        "moments": StoredTensor([1e-300, 2] as [Double], shape: [2]),
        "position": StoredTensor([9] as [Int64], shape: []),
        "symbols": StoredTensor([1, 2, 3] as [UInt8], shape: [3]),
        "random": StoredTensor([.max, 1] as [UInt64], shape: [2]),
        "tokens": StoredTensor([] as [Int32], shape: [0, 5]),
        "half": StoredTensor(dtype: .f16, shape: [1], bytes: [0, 0x3c]),
      ],
      metadata: ["architecture": #"{"cell":"lstm","é":["\\","/"]}"#, "": "", "corpus": "abc"])
  }

  private func reread(_ checkpoint: Checkpoint) throws -> Checkpoint {
    try Checkpoint(MappedFile(copying: Array(checkpoint.serialized().joined()), as: "memory"))
  }

  @Test func aCheckpointComesBackAsItWas() throws {
    let directory = try ScratchDirectory()
    let path = directory.path(of: "model.safetensors")
    let checkpoint = Self.example()
    try checkpoint.write(to: path)
    let reread = try Checkpoint(contentsOf: path)
    #expect(reread == checkpoint)
    #expect(reread.file == path)
    #expect(try directory.bytes(of: "model.safetensors") == Array(checkpoint.serialized().joined()))
    #expect(try self.reread(Checkpoint()) == Checkpoint())
  }

  @Test func everyTextSurvivesAsNameAndAsMetadata() throws {
    let texts = [
      "\"\\/\u{8}\u{c}\n\r\t", "\u{0}\u{1}\u{1f}\u{7f}", "é e\u{301} ß 漢字 עברית", "👩‍👩‍👧‍👦\u{1f1e7}\u{1f1f7}",
      "\u{feff}\u{2028}", "\\u0041",
    ]
    for text in texts {
      let checkpoint = Checkpoint(
        tensors: ["x" + text: StoredTensor([1] as [Float], shape: [1])], metadata: ["y" + text: text])
      let back = try reread(checkpoint)
      #expect(back == checkpoint)
      #expect(back.metadata.values.first.map { Array($0.utf8) } == Array(text.utf8))
    }
  }

  @Test func equalContentGivesEqualBytesWhateverTheOrderItWasAddedIn() {
    let names = ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "a", "b", "é", "Z", "decoder.weight", "decoder.bias"]
    let expected = Array(Self.numbered(names).serialized().joined())
    var order = names
    for turn in 0..<20 {
      order.append(order.remove(at: (turn * 5) % names.count))
      #expect(Array(Self.numbered(order).serialized().joined()) == expected, "\(order)")
    }
  }

  /// Tensors and metadata that depend on the names alone, added in the order of `names`.
  private static func numbered(_ names: [String]) -> Checkpoint {
    var checkpoint = Checkpoint()
    for name in names {
      let value = Float(name.utf8.count)
      checkpoint.tensors[name] =
        name.utf8.count % 2 == 0
        ? StoredTensor([value], shape: [1]) : StoredTensor([Double(value)], shape: [1])
      checkpoint.metadata[name] = "\(value)"
    }
    return checkpoint
  }

  @Test func everyTensorBeginsAtAMultipleOfItsElementSize() throws {
    let checkpoint = Self.example()
    let pieces = checkpoint.serialized()
    var offset = pieces[0].count
    #expect(offset % 8 == 0)
    for (name, bytes) in zip(checkpoint.names, pieces.dropFirst()) {
      let tensor = try #require(checkpoint.tensors[name])
      #expect(tensor.bytes == bytes)
      #expect(offset % (tensor.dtype.bitCount / 8) == 0, "\(name)")
      offset += bytes.count
    }
  }

  @Test func valuesAreGivenOnlyAsTheyWereAskedFor() throws {
    var checkpoint = Self.example()
    checkpoint.file = "m"
    #expect(try checkpoint.values(of: "decoder.bias", shape: [3]) == [1, -2, 0.5] as [Float])
    #expect(try checkpoint.values(of: "decoder.bias") == [1, -2, 0.5] as [Double])
    #expect(throws: SafetensorsError(file: "m", problem: .missingTensor("x"))) {
      try checkpoint.values(of: "x", as: Float.self)
    }
    #expect(
      throws: SafetensorsError(file: "m", problem: .wrongShape(tensor: "symbols", found: [3], wanted: [1, 3]))
    ) { try checkpoint.values(of: "symbols", shape: [1, 3], as: UInt8.self) }
    #expect(throws: SafetensorsError(file: "m", problem: .wrongDType(tensor: "symbols", found: .u8, wanted: .f32))) {
      try checkpoint.values(of: "symbols", as: Float.self)
    }
  }

  @Test func aDoubleBeyondSinglePrecisionIsRefusedAsFloat() throws {
    let checkpoint = Checkpoint(tensors: ["x": StoredTensor([1, 1e39] as [Double], shape: [2])], file: "m")
    #expect(try checkpoint.values(of: "x") == [1, 1e39] as [Double])
    #expect(throws: SafetensorsError(file: "m", problem: .tooLargeForFloat(tensor: "x", index: 1))) {
      try checkpoint.values(of: "x", as: Float.self)
    }
  }

  @Test func aValueThatIsNotFiniteIsRefusedByNameAndIndex() throws {
    var checkpoint = Self.example()
    checkpoint.tensors["rnn.weight_hh_l0"] = StoredTensor([1, 2, .nan] as [Float], shape: [3])
    let file = MappedFile(copying: Array(checkpoint.serialized().joined()), as: "m")
    let error = #expect(throws: SafetensorsError.self) { try Checkpoint(file) }
    #expect(error?.problem == .notFinite(tensor: "rnn.weight_hh_l0", index: 2))
    #expect(error?.description == "m: tensor \"rnn.weight_hh_l0\": element 2 is not a finite number")
    #expect(try Checkpoint(file, requireFinite: false).tensors.count == checkpoint.tensors.count)
  }

  /// A tensor of a mapped file is written in pieces; the memory of its pages may be given back on the way.
  @Test func tensorsOfAMappedFileAreWrittenAsTheyAre() throws {
    let directory = try ScratchDirectory()
    let numbers = (0..<600_000).map { Float($0) }  // more than two pieces
    let checkpoint = Checkpoint(tensors: [
      "a": StoredTensor(numbers, shape: [600_000]), "b": StoredTensor([1 as Float], shape: [1]),
    ])
    let (first, second) = (directory.path + "/first", directory.path + "/second")
    try checkpoint.write(to: first)
    let file = try MappedFile(first)
    let mapped = try Checkpoint(file)
    file.releasePages(in: 0..<file.count)
    try mapped.write(to: second)
    #expect(try directory.bytes(of: "second") == directory.bytes(of: "first"))
    #expect(mapped.tensors["a"]?.values(as: Float.self) == numbers)
  }
}
