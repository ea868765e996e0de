import TensorCore

/// The part of a mapped file that is an HDF5 file. Addresses count from its first byte, or from a later one that it names.
struct HDF5Source: Sendable {
  let file: MappedFile
  /// The bytes from address 0 on.
  let range: Range<Int>
  /// Memory for copies of its data.
  let copies: CopyBudget

  /// Bytes of the file from an address on, without a copy; nil where they leave it.
  func contents(at address: Int, count: Int) -> StoredBytes? {
    guard address >= 0, count >= 0, address <= range.count, count <= range.count - address else { return nil }
    let start = range.lowerBound + address
    return .mapped(file, start..<start + count)
  }
}

/// A reader of the structures of an HDF5 file. Each byte of a sound file is read about twice: a file whose structures overlap
/// without end is given up.
struct HDF5Scan {
  typealias Problem = HDF5Error.Problem

  let source: HDF5Source
  private var left: Int
  /// Bytes of a structure, which is copied: far more than the largest ones have, indices of chunks.
  private static let structureLimit = 8 << 20

  init(_ source: HDF5Source) {
    self.source = source
    left = 4 * source.range.count
  }

  /// The fields of a structure.
  ///
  /// - Parameter name: what it is, for messages.
  mutating func fields(at address: Int, count: Int, _ name: String) throws(Problem) -> HDF5Fields {
    guard let contents = source.contents(at: address, count: count) else {
      throw .outOfBounds(name, offset: address)
    }
    guard count <= Self.structureLimit else { throw .tooMuch("bytes of \(name)") }
    try charge(count)
    return HDF5Fields(contents.array, at: address, name: name)
  }

  /// Counts bytes that are read elsewhere.
  mutating func charge(_ count: Int) throws(Problem) {
    left -= count
    guard left >= 0 else { throw .tooMuch("structures") }
  }

  mutating func fields(of message: HDF5Message, _ name: String) throws(Problem) -> HDF5Fields {
    guard !message.isShared else { throw .notRead("\(name) that stands in another object") }
    return try fields(at: message.range.lowerBound, count: message.range.count, name)
  }

  /// The fields of a structure that ends with a checksum of all its bytes, but for that, after its signature.
  mutating func checkedFields(
    at address: Int, count: Int, signature: String?, _ name: String
  ) throws(Problem) -> HDF5Fields {
    var all = try fields(at: address, count: count, name)
    guard count >= 8 else { throw all.malformed() }
    if let signature { try all.signature(signature) }
    let body = all.bytes.dropLast(4)
    guard all.bytes.number(at: body.count, width: 4).map({ UInt32($0) }) == JenkinsHash.hash(body) else {
      throw .wrongChecksum(name, offset: address)
    }
    var checked = HDF5Fields(Array(body), at: address, name: name)
    if signature != nil { try checked.skip(4) }
    return checked
  }

  /// Calls `body` for each entry of the leaves of a B-tree of version 1, in order, with its key and the address of its child.
  mutating func visitTree(
    at root: Int, kind: Int, keySize: Int,
    _ body: (inout Self, _ key: inout HDF5Fields, _ child: Int) throws(Problem) -> Void
  ) throws(Problem) {
    var pending: [(address: Int, level: Int?)] = [(root, nil)]
    while let (address, expected) = pending.popLast() {
      var node = try fields(at: address, count: 24, "a B-tree")
      try node.signature("TREE")
      let (kindOfNode, level, count) = (try node.number(1), try node.number(1), try node.number(2))
      guard kindOfNode == kind, level == expected ?? level else { throw node.malformed() }
      var entries = try fields(at: address + 24, count: count * (keySize + 8), "a B-tree")
      var children: [(address: Int, level: Int?)] = []
      for _ in 0..<count {
        var key = HDF5Fields(Array(try entries.take(keySize)), at: entries.offset + entries.place, name: "a B-tree")
        let child = try entries.requiredAddress()
        if level == 0 { try body(&self, &key, child) } else { children.append((child, level - 1)) }
      }
      pending += children.reversed()
    }
  }
}

/// Numbers and texts one after the other, little-endian.
struct HDF5Fields {
  typealias Problem = HDF5Error.Problem

  let bytes: [UInt8]
  /// Address of the first byte.
  let offset: Int
  private let name: String
  private(set) var place = 0

  init(_ bytes: [UInt8], at offset: Int, name: String) {
    (self.bytes, self.offset, self.name) = (bytes, offset, name)
  }

  var left: Int { bytes.count - place }

  func malformed() -> Problem { .malformed(name, offset: offset) }
  func unknown(version: Int) -> Problem { .unknownVersion(version, of: name, offset: offset) }

  mutating func take(_ count: Int) throws(Problem) -> ArraySlice<UInt8> {
    guard count >= 0, count <= left else { throw malformed() }
    defer { place += count }
    return bytes[place..<place + count]
  }

  mutating func skip(_ count: Int) throws(Problem) { _ = try take(count) }

  mutating func signature(_ text: String) throws(Problem) {
    guard try take(text.utf8.count).elementsEqual(text.utf8) else { throw malformed() }
  }

  mutating func number(_ width: Int) throws(Problem) -> Int {
    let start = place
    _ = try take(width)
    guard let number = bytes.number(at: start, width: width) else { throw malformed() }
    return number
  }

  /// An address of 8 bytes; nil where it is that of nothing.
  mutating func address() throws(Problem) -> Int? {
    if bytes[place...].prefix(8).elementsEqual(repeatElement(0xFF, count: 8)) {
      try skip(8)
      return nil
    }
    return try number(8)
  }

  mutating func requiredAddress() throws(Problem) -> Int {
    guard let address = try address() else { throw malformed() }
    return address
  }

  /// A text of so many bytes, up to the first zero.
  mutating func text(_ count: Int) throws(Problem) -> String {
    guard let text = String(validating: try take(count).prefix { $0 != 0 }, as: UTF8.self) else { throw .textNotUTF8 }
    return text
  }
}
