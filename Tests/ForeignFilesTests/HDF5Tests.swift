import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Files of h5py 3.16.0 (HDF5 2.0) and PyTables 3.11.1 come back as they were written.
@Suite struct HDF5Tests {
  private func file(_ name: String) throws -> HDF5File { try HDF5File(fixture(name)) }

  private func problem(_ name: String) throws -> HDF5Error? {
    let file = try fixture(name)
    return #expect(throws: HDF5Error.self) { _ = try HDF5File(file).tensors() }
  }

  // MARK: What is read

  @Test(arguments: ["types-earliest.h5", "types-latest.h5"], ["little", "big"])
  func everyTypeComesBackInEitherByteOrder(name: String, order: String) throws {
    let arrays = try #require(try file(name)[order]).tensors()
    let bytes: [UInt8] = [0, 1, 2, 3, 4, 5]
    #expect(arrays.names == ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
    #expect(arrays["f4"] == StoredTensor(ruled(6), shape: [2, 3]))
    #expect(arrays["f8"] == StoredTensor(ruled(6).map { Double($0) }, shape: [2, 3]))
    #expect(arrays["f2"]?.values(as: Float.self) == ruled(6))
    #expect(arrays["i1"] == StoredTensor(dtype: .i8, shape: [2, 3], bytes: bytes))
    #expect(arrays["i2"] == StoredTensor(dtype: .i16, shape: [2, 3], bytes: bytes.flatMap { [$0, 0] }))
    #expect(arrays["u2"] == StoredTensor(dtype: .u16, shape: [2, 3], bytes: bytes.flatMap { [$0, 0] }))
    #expect(arrays["i4"] == StoredTensor(bytes.map { Int32($0) }, shape: [2, 3]))
    #expect(arrays["i8"] == StoredTensor(bytes.map { Int64($0) }, shape: [2, 3]))
    #expect(arrays["u1"] == StoredTensor(bytes, shape: [2, 3]))
    #expect(arrays["u4"] == StoredTensor(bytes.map { UInt32($0) }, shape: [2, 3]))
    #expect(arrays["u8"] == StoredTensor(bytes.map { UInt64($0) }, shape: [2, 3]))
  }

  @Test(arguments: ["types-earliest.h5", "types-latest.h5"])
  func truthValuesScalarsAndWhatWasNotWrittenComeBack(name: String) throws {
    let arrays = try file(name).tensors()
    #expect(arrays["truth"] == StoredTensor(dtype: .bool, shape: [2, 3], bytes: [0, 1, 0, 1, 0, 1]))
    #expect(arrays["scalar"] == StoredTensor([5 as Float], shape: []))
    #expect(arrays["none"] == StoredTensor([] as [Float], shape: [0, 3]))
    #expect(arrays["unwritten"] == StoredTensor([Float](repeating: 0.5, count: 4), shape: [2, 2]))
  }

  @Test(arguments: ["types-earliest.h5", "types-latest.h5"])
  func attributesAreTextsArraysOfTextsAndNumbers(name: String) throws {
    let object = try #require(try file(name)["truth"])
    #expect(
      try object.attributeNames().sorted() == [
        "empty", "fixed", "fixed texts", "number", "numbers", "text", "texts",
      ])
    #expect(try object.attribute("text") == .text("é"))
    #expect(try object.attribute("fixed") == .text("ab"))
    #expect(try object.attribute("texts") == .texts(["a", "", "bcd"]))
    #expect(try object.attribute("fixed texts") == .texts(["a", "", "bcd"]))
    #expect(try object.attribute("number") == .numbers(StoredTensor([7 as Int64], shape: [])))
    #expect(try object.attribute("numbers") == .numbers(StoredTensor(ruled(4), shape: [2, 2])))
    #expect(try object.attribute("empty") == .empty)
    #expect(try object.attribute("missing") == nil)
  }

  @Test(arguments: ["chunks-earliest.h5", "chunks-latest.h5"])
  func chunksComeBackThroughEveryFilterAndIndex(name: String) throws {
    let arrays = try file(name).tensors()
    for dataset in ["plain", "gzip", "shuffle", "checksum", "all", "single", "single-gzip"] {
      #expect(arrays[dataset] == StoredTensor(ruled(35), shape: [5, 7]), "\(dataset)")
    }
    #expect(arrays["odd"] == StoredTensor((0..<7).map { UInt8($0) }, shape: [7]))
    #expect(arrays["line"] == StoredTensor((0..<300).map { Int32($0) }, shape: [300]))
    #expect(arrays["early"] == StoredTensor(ruled(12), shape: [4, 3]))
    #expect(arrays["compact"] == StoredTensor(ruled(12), shape: [4, 3]))
    let holes = [1, -2, -2, -2] + [-2, -2, -2, -2] + [-2, -2, -2, -2] + [-2, -2, -2, -2] as [Int16]
    #expect(arrays["holes"] == StoredTensor(dtype: .i16, shape: [4, 4], bytes: LittleEndianBytes.encode(holes)))
  }

  @Test(arguments: ["links-earliest.h5", "links-latest.h5"]) func linksInTheFileAreFollowed(name: String) throws {
    let file = try file(name)
    let names = ["a/b/c", "a/b/near", "a/same", "a/soft/c", "a/soft/near"]
    let many = ["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"]
    #expect(try file.tensors().names == names + many.map { "many/\($0)" })
    #expect(try file["a"]?.tensors().names == names.map { String($0.dropFirst(2)) })
    for name in names {
      #expect(try file[name]?.value() == .numbers(StoredTensor(ruled(2), shape: [2])), "\(name)")
    }
    #expect(file["a"]?.names == ["b", "same", "soft"] && file["many"]?.names == many)
    #expect(file["a/x"] == nil && file["a/b/c/d"] == nil && file["a/soft"]?.isGroup == true)
  }

  @Test func groupsThatKeepTheirOrderAndUserBlocksAreRead() throws {
    #expect(try file("ordered.h5").tensors().names == ["x", "y", "z"])
    #expect(try file("user-block.h5").tensors()["w"] == StoredTensor(ruled(4), shape: [2, 2]))
  }

  /// Links and attributes in fractal heaps, whose indices have several levels.
  @Test func manyLinksAndAttributesOfTheNewFormAreRead() throws {
    let file = try file("dense.h5")
    let names = (0..<300).map { "a-name-of-some-length-\($0)" }
    #expect(try file["group"]?.tensors().names == names.sorted())
    for (number, name) in names.enumerated() {
      let value = try file.attribute("attribute \(number)", of: "group/\(name)")
      #expect(value == .numbers(StoredTensor([Int64(number)], shape: [])))
    }
  }

  @Test func arraysOfPyTablesComeBack() throws {
    let arrays = try file("pytables.h5").tensors()
    #expect(arrays["plain"] == StoredTensor(ruled(6), shape: [2, 3]))
    #expect(arrays["packed"] == StoredTensor(ruled(60, number: 1), shape: [20, 3]))
    #expect(arrays["truth"] == StoredTensor(dtype: .bool, shape: [4], bytes: [0, 1, 0, 1]))
  }

  // MARK: What is refused

  @Test func whatIsNotReadIsRefusedByName() throws {
    func expect(_ name: String, _ object: String?, _ problem: HDF5Error.Problem) throws {
      let error = try self.problem("refused-\(name).h5")
      #expect(error?.problem == problem && error?.object == object, "\(name): \(String(describing: error))")
    }
    try expect("external-link", nil, .notInFile("the link \"a\" to another file"))
    try expect("external-data", "a", .notInFile("data in another file"))
    try expect("lzf", "a", .unknownFilter(32000))
    try expect("records", "a", .typeNotRead("records or complex numbers"))
    try expect("texts", "a", .noNumbers)
    try expect("dangling", "a", .danglingLink)
  }

  @Test func whatIsToBeDoneIsSaidOfEachKind() throws {
    let advice = ["records": "floating-point numbers or texts", "external-data": "save what stands there in this file"]
    for (name, words) in advice {
      let error = try problem("refused-\(name).h5")
      #expect(error.map { "\($0)".hasSuffix(words) } == true, "\(String(describing: error))")
    }
  }

  /// h5py writes a fill value in the older form, too, and reads it from that where the newer one is gone.
  @Test func theOlderFormOfAFillValueIsRead() throws {
    let mapped = try fixture("chunks-earliest.h5")
    let whole = mapped[0..<mapped.count]
    // The newer form, of 24 bytes, is followed by the older one: kind, size, flags, and 2 bytes of value.
    let newer: [UInt8] = [5, 0, 16, 0]
    let older: [UInt8] = [4, 0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0xFF, 0xFE]
    let places = whole.indices.filter { whole[$0...].starts(with: newer) && whole[($0 + 24)...].starts(with: older) }
    try #require(places.count == 1)
    let changed = try HDF5File(memory(whole.replacing(at: places[0], with: [0]))).tensors()
    #expect(changed["holes"] == (try file("chunks-earliest.h5").tensors()["holes"]))
  }

  @Test func aGroupInItselfIsRefused() throws {
    #expect(try problem("refused-cycle.h5")?.problem == .nestedTooDeeply)
    #expect(try file("refused-cycle.h5")["a/b/a/b/a"]?.isGroup == true)
  }

  @Test func whatIsNoHDF5File() throws {
    for bytes in [[], [0x89, 0x48], [UInt8](repeating: 0, count: 5000), Array("\u{89}HDF".utf8)] as [[UInt8]] {
      #expect(throws: HDF5Error(file: "file", object: nil, problem: .notHDF5)) { try HDF5File(memory(bytes)) }
    }
  }

  @Test func aDamagedChecksumIsNamed() throws {
    let file = try fixture("chunks-earliest.h5")
    let whole = file[0..<file.count]
    var writer = HDF5Writer(to: "file")
    try writer.addGroup("a")
    let written = writer.serialized()
    let structure = #expect(throws: HDF5Error.self) {
      try HDF5File(memory(written.replacing(at: 45, with: [written[45] ^ 1])))
    }
    #expect(structure?.problem == .wrongChecksum("the start of the file", offset: 0))
    // The first chunk of plain numbers that has a checksum.
    let data = LittleEndianBytes.encode([0, 0.125, 0.25] as [Float])
    let places = whole.indices.filter { whole[$0...].starts(with: data) }
    let damaged = places.map { place in
      Result { try HDF5File(memory(whole.replacing(at: place + 1, with: [9])))["checksum"]?.value() }
    }
    #expect(damaged.contains { "\($0)".contains("does not match its checksum") })
  }

  /// A dataset that was not written, of any shape: its header is the last one but that of the root.
  @Test(arguments: [(1 << 40, HDF5Error.Problem.tooMuchMemory), (1 << 62, .shapeTooLarge)])
  func aDatasetLargerThanItsFileIsRefused(size: Int, problem: HDF5Error.Problem) throws {
    var writer = HDF5Writer(to: "file")
    try writer.add(StoredTensor([] as [Float], shape: [0]), at: "w")
    var bytes = writer.serialized()
    let header = try #require(bytes.indices.first { bytes[$0...].starts(with: "OHDR".utf8) })
    let count = Int(bytes[header + 6]) + 10
    // The size of the one axis follows head, version, rank, flags and kind of the first property.
    bytes = bytes.replacing(at: header + 18, with: LittleEndianBytes.encode([Int64(size)]))
    let checksum = JenkinsHash.hash(bytes[header..<header + count])
    bytes = bytes.replacing(at: header + count, with: LittleEndianBytes.encode([checksum]))
    #expect(throws: HDF5Error(file: "file", object: "w", problem: problem)) { try HDF5File(memory(bytes)).tensors() }
  }

  /// A header is copied as a whole.
  @Test func aStructureLargerThanAnyIsRefused() throws {
    var writer = HDF5Writer(to: "file")
    try writer.addGroup("a")
    let count = 9 << 20
    let written = writer.serialized()
    let root = written.count
    let header = Array("OHDR".utf8) + [2, 3] + LittleEndianBytes.encode([UInt64(count)])
    let start = written.replacing(at: 28, with: LittleEndianBytes.encode([UInt64(root + header.count + count + 4)]))
      .replacing(at: 36, with: LittleEndianBytes.encode([UInt64(root)]))
    let sealed = start.replacing(at: 44, with: LittleEndianBytes.encode([JenkinsHash.hash(start[..<44])]))
    #expect(
      throws: HDF5Error(file: "file", object: nil, problem: .tooMuch("bytes of the header of an object"))
    ) {
      try HDF5File(memory(sealed + header + [UInt8](repeating: 0, count: count + 4)))
    }
  }

  /// Nodes of a B-tree that lead to themselves, and lists of links that overlap, come to an end.
  @Test func structuresThatLeadToThemselvesAreRefused() throws {
    let mapped = try fixture("links-earliest.h5")
    let whole = mapped[0..<mapped.count]
    let trees = whole.indices.filter { whole[$0...].starts(with: "TREE".utf8) }
    #expect(!trees.isEmpty)
    for tree in trees {
      for level: UInt8 in [0, 1, 255] {
        let looped = whole.replacing(at: tree + 5, with: [level])
          .replacing(at: tree + 32, with: LittleEndianBytes.encode([Int64(tree)]))
        let error = #expect(throws: HDF5Error.self) { try HDF5File(memory(looped)) }
        #expect(error?.description.contains("\n") == false)
      }
    }
  }

  @Test func theHashIsThatOfItsAuthor() {
    // Values of driver5 in lookup3.c.
    #expect(JenkinsHash.hash([UInt8]()) == 0xDEAD_BEEF)
    #expect(JenkinsHash.hash(Array("Four score and seven years ago".utf8)) == 0x1777_0551)
  }

  @Test func textsAreReadByThemselves() throws {
    #expect(try file("refused-texts.h5")["a"]?.value() == .texts(["b", "c"]))
  }
}
