import CharrnnFuzzing
import ForeignFiles
import TensorCore
import Testing

/// Members come back byte by byte, and each way in which an archive can lie is refused by name.
@Suite struct ZIPArchiveTests {
  private let sound = storedArchive([("a", Array("first".utf8)), ("folder/b", Array("second file".utf8))])
  /// Offset of the directory of `sound`: two headers with their names and data.
  private let directory = 30 + 1 + 5 + 30 + 8 + 11
  /// Offset of its second entry, and of the record at its end.
  private var secondEntry: Int { directory + 46 + 1 }
  private var end: Int { secondEntry + 46 + 8 }

  private func expect(
    _ problem: ZIPError.Problem, from bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: ZIPError(file: "file", problem: problem), sourceLocation: sourceLocation) {
      let archive = try ZIPArchive(memory(bytes))
      for member in archive.members { _ = try archive.bytes(of: member) }
    }
  }

  // MARK: What is read

  @Test func storedMembersComeBackInOrder() throws {
    let archive = try ZIPArchive(memory(sound))
    #expect(archive.members.map(\.name) == ["a", "folder/b"])
    #expect(
      try archive.members.map { String(decoding: try archive.bytes(of: $0), as: UTF8.self) } == [
        "first", "second file",
      ])
    #expect(archive["folder/b"]?.size == 11 && archive["b"] == nil)
  }

  @Test func everyKindOfDeflatedBlockIsRead() throws {
    let archive = try ZIPArchive(fixture("deflate.zip"))
    let data = (0..<3000).map { UInt8($0 * $0 % 251 / 8) }
    #expect(archive.members.count == 6)
    for member in archive.members {
      #expect(member.isDeflated)
      #expect(try archive.bytes(of: member) == data, "\(member.name)")
    }
  }

  /// Parts of a large member share its memory.
  @Test func aLargeDeflatedMemberIsNotCopiedWhenItIsCut() throws {
    let data = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * $0) }
    let archive = try ZIPArchive(memory(deflatedArchive("a", data)))
    let contents = try archive.contents(of: #require(archive["a"]))
    #expect(contents.array == data)
    let part = contents[100_000..<100_010]
    #expect(part.array == Array(data[100_000..<100_010]))
    guard case .mapped = part else {
      Issue.record("the part was copied")
      return
    }
  }

  /// An archive of one member in blocks that are stored, as DEFLATE has them.
  private func deflatedArchive(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let blocks = stride(from: 0, to: data.count, by: 65_535).map { Array(data[$0..<min($0 + 65_535, data.count)]) }
    let deflated = blocks.enumerated().flatMap { number, block in
      let (count, isLast) = (UInt16(block.count), UInt8(number == blocks.count - 1 ? 1 : 0))
      return [isLast] + LittleEndianBytes.encode([count, ~count]) + block
    }
    let archive = storedArchive([(name, deflated)])
    let sum = LittleEndianBytes.encode([StoredBytes.array(data).crc32])
    let entry = 30 + name.utf8.count + deflated.count
    var result = archive
    for (method, checksum) in [(8, 14), (entry + 10, entry + 16)] {
      result = result.replacing(at: method, with: [8]).replacing(at: checksum, with: sum)
        .replacing(at: checksum + 8, with: LittleEndianBytes.encode([UInt32(data.count)]))
    }
    return result
  }

  @Test func aCommentMayFollowTheDirectory() throws {
    #expect(try ZIPArchive(memory(sound.replacing(at: end + 20, with: [3, 0]) + [1, 2, 3])).members.count == 2)
  }

  @Test func anEmptyArchiveHasNoMembers() throws {
    #expect(try ZIPArchive(memory(storedArchive([]))).members.isEmpty)
  }

  @Test(arguments: [0, 1, 15, 16, 17, 1000]) func theChecksumIsThatOfTheSlowDefinition(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }
    let crc = bytes.reduce(UInt32.max) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1 == 0 ? 0 : 0xEDB8_8320) }
    }
    #expect(StoredBytes.array(bytes).crc32 == ~crc)
  }

  // MARK: What is refused

  @Test func whatIsNoArchive() {
    expect(.notAnArchive(size: 0), from: [])
    expect(.notAnArchive(size: 30), from: [UInt8](repeating: 0x50, count: 30))
    expect(.notAnArchive(size: sound.count - 1), from: Array(sound.dropLast()))
    expect(.notAnArchive(size: sound.count + 1), from: sound + [0])
  }

  @Test func aDirectoryThatIsNotWhereItShouldBe() {
    expect(.malformedDirectory(offset: end), from: sound.replacing(at: end + 16, with: [0, 0, 0, 0]))
    expect(.malformedDirectory(offset: end), from: sound.replacing(at: end + 12, with: [0xFF, 0xFF, 0xFF, 0x7F]))
    expect(.malformedDirectory(offset: directory), from: sound.replacing(at: directory, with: [0]))
    expect(.malformedDirectory(offset: directory), from: sound.replacing(at: end + 8, with: [3, 0, 3, 0]))
  }

  @Test func anArchiveInSeveralParts() {
    expect(.severalParts, from: sound.replacing(at: end + 4, with: [1, 0]))
    expect(.severalParts, from: sound.replacing(at: end + 8, with: [1, 0]))
    expect(.severalParts, from: sound.replacing(at: directory + 34, with: [1, 0]))
  }

  @Test func anEncryptedMember() {
    expect(.encrypted(member: "a"), from: sound.replacing(at: directory + 8, with: [1]))
  }

  @Test(arguments: [1, 9, 12, 14, 93, 99] as [UInt8]) func anotherMethodThanDeflate(method: UInt8) {
    expect(.unknownMethod(Int(method), member: "a"), from: sound.replacing(at: directory + 10, with: [method]))
  }

  @Test func aMemberOutOfBounds() {
    expect(.outOfBounds(member: "a"), from: sound.replacing(at: directory + 42, with: [0xFE, 0xFF, 0xFF, 0xFF]))
    let sizes: [UInt8] = [0xFF, 0, 0, 0, 0xFF, 0, 0, 0]
    expect(
      .outOfBounds(member: "a"), from: sound.replacing(at: directory + 20, with: sizes).replacing(at: 18, with: sizes))
  }

  @Test func membersThatOverlap() {
    let sizes: [UInt8] = [6, 0, 0, 0, 6, 0, 0, 0]
    expect(
      .overlap(member: "folder/b", other: "a"),
      from: sound.replacing(at: directory + 20, with: sizes).replacing(at: 18, with: sizes))
  }

  @Test func aHeaderThatContradictsTheDirectory() {
    expect(.differentHeader(member: "a"), from: sound.replacing(at: 0, with: [0]))
    expect(.differentHeader(member: "a"), from: sound.replacing(at: 8, with: [8]))
    expect(.differentHeader(member: "a"), from: sound.replacing(at: 18, with: [4]))
    expect(.differentHeader(member: "a"), from: sound.replacing(at: 30, with: [0x62]))
    expect(.differentHeader(member: "folder/b"), from: sound.replacing(at: secondEntry + 42, with: [0]))
  }

  @Test func namesThatStandTwiceAreNoTextOrAreTooLong() {
    expect(.duplicateName("a"), from: storedArchive([("a", []), ("a", [])]))
    // Equal as Swift and most file systems compare names.
    expect(.duplicateName("e\u{301}"), from: storedArchive([("\u{E9}", []), ("e\u{301}", [])]))
    expect(.nameNotUTF8(offset: directory), from: sound.replacing(at: directory + 46, with: [0xFF]))
    let long = String(repeating: "x", count: 513)
    expect(.nameTooLong(offset: 30 + 513), from: storedArchive([(long, [])]))
  }

  @Test func aSizeThatDeflateCannotReach() throws {
    let bytes = try fixture("deflate.zip")
    let archive = try ZIPArchive(bytes)
    let whole = bytes[0..<bytes.count]
    let entry = try #require(whole.indices.first { whole[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
    let stored = archive.members[0]
    expect(
      .impossibleSize(member: stored.name, size: 0x7FFF_FFFF, stored: try #require(whole.storedSize(at: entry))),
      from: whole.replacing(at: entry + 24, with: [0xFF, 0xFF, 0xFF, 0x7F]))
    expect(.impossibleSize(member: "a", size: 4, stored: 5), from: sound.replacing(at: directory + 24, with: [4]))
  }

  @Test(arguments: [2999, 3001, 0, 60_000]) func aSizeThatDeflatedDataDoNotHave(size: Int) throws {
    let file = try fixture("deflate.zip")
    var whole = file[0..<file.count]
    let entry = try #require(whole.indices.first { whole[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
    for place in [22, entry + 24] {
      whole = whole.replacing(at: place, with: LittleEndianBytes.encode([UInt32(size)]))
    }
    expect(.damagedData(member: "stored-blocks"), from: whole)
  }

  @Test func dataThatDoNotMatchTheirChecksum() {
    expect(.wrongChecksum(member: "folder/b"), from: sound.replacing(at: directory - 1, with: [0]))
  }

  @Test func aHostileNameIsPrintedOnOneBoundedLine() {
    let name = "a\n\u{1B}[2J" + String(repeating: "x", count: 400)
    let error = #expect(throws: ZIPError.self) { try ZIPArchive(memory(storedArchive([(name, []), (name, [])]))) }
    let line = error?.description ?? ""
    #expect(line.unicodeScalars.allSatisfy { $0.value >= 32 } && line.utf8.count < 300)
  }
}

extension [UInt8] {
  fileprivate func storedSize(at entry: Int) -> Int? {
    LittleEndianBytes.decode(Array(self[entry + 20..<entry + 24]), as: UInt32.self).first.map { Int($0) }
  }
}
