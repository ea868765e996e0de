/// A message in the header of an object: one of its properties.
struct HDF5Message: Sendable {
  enum Kind: Int {
    case dataspace = 1
    case linkInfo, datatype, oldFillValue, fillValue, link, externalFiles, layout
    case filters = 0xB
    case attribute
    case continuation = 0x10
    case symbolTable
    case attributeInfo = 0x15
  }

  let kind: Kind
  /// Whether it stands in another object, and only its place is here.
  let isShared: Bool
  let range: Range<Int>
}

extension HDF5Scan {
  private static let name = "the header of an object"

  /// Messages of a header that are of a known kind, in their order.
  ///
  /// - Parameter limit: How many there may be.
  mutating func header(at address: Int, limit: Int) throws(Problem) -> [HDF5Message] {
    let start = try fields(at: address, count: 4, Self.name)
    if start.bytes.elementsEqual("OHDR".utf8) { return try newHeader(at: address, limit: limit) }
    guard start.bytes[0] == 1 else { throw start.malformed() }
    return try oldHeader(at: address, limit: limit)
  }

  private mutating func oldHeader(at address: Int, limit: Int) throws(Problem) -> [HDF5Message] {
    var prefix = try fields(at: address, count: 16, Self.name)
    try prefix.skip(2)
    var left = try prefix.number(2)
    try prefix.skip(4)
    var header = HDF5Header(limit: limit, first: (address + 16, try prefix.number(4)))
    while let (start, count) = header.nextBlock() {
      var block = try fields(at: start, count: count, Self.name)
      while left > 0, block.left >= 8 {
        left -= 1
        let (kind, size, flags) = (try block.number(2), try block.number(2), try block.number(1))
        try block.skip(3)
        try header.add(kind, flags, size, of: &block)
      }
    }
    guard left == 0 else { throw prefix.malformed() }
    return header.messages
  }

  private mutating func newHeader(at address: Int, limit: Int) throws(Problem) -> [HDF5Message] {
    var prefix = try fields(at: address, count: 6, Self.name)
    try prefix.skip(4)
    let (version, flags) = (try prefix.number(1), try prefix.number(1))
    guard version == 2 else { throw prefix.unknown(version: version) }
    let skipped = 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
    let width = 1 << (flags & 3)
    var size = try fields(at: address + skipped, count: width, Self.name)
    let count = try size.number(width)
    guard count <= source.range.count else { throw .outOfBounds(Self.name, offset: address) }
    var header = HDF5Header(limit: limit, first: (address, skipped + width + count + 4))
    var isFirst = true
    while let (start, count) = header.nextBlock() {
      var block = try checkedFields(at: start, count: count, signature: isFirst ? "OHDR" : "OCHK", Self.name)
      if isFirst { try block.skip(skipped + width - 4) }
      isFirst = false
      let messageHead = flags & 4 != 0 ? 6 : 4
      // A gap at the end may be shorter than the head of a message.
      while block.left >= messageHead {
        let (kind, size, messageFlags) = (try block.number(1), try block.number(2), try block.number(1))
        if flags & 4 != 0 { try block.skip(2) }
        try header.add(kind, messageFlags, size, of: &block)
      }
    }
    return header.messages
  }
}

/// A header that is being read: its messages, and the blocks that continue it.
private struct HDF5Header {
  private(set) var messages: [HDF5Message] = []
  private let limit: Int
  private var blocks: [(start: Int, count: Int)]
  private var blocksRead = 0

  init(limit: Int, first: (start: Int, count: Int)) { (self.limit, blocks) = (limit, [first]) }

  mutating func nextBlock() -> (start: Int, count: Int)? {
    guard blocksRead < blocks.count else { return nil }
    blocksRead += 1
    return blocks[blocksRead - 1]
  }

  /// Adds the message of `size` bytes that follows in a block.
  mutating func add(
    _ kind: Int, _ flags: Int, _ size: Int, of block: inout HDF5Fields
  ) throws(HDF5Error.Problem) {
    let start = block.offset + block.place
    guard let kind = HDF5Message.Kind(rawValue: kind) else { return try block.skip(size) }
    if kind == .continuation {
      guard size >= 16 else { throw block.malformed() }
      blocks.append((try block.requiredAddress(), try block.number(8)))
      return try block.skip(size - 16)
    }
    try block.skip(size)
    guard messages.count < limit else { throw .tooMuch("properties of objects") }
    messages.append(HDF5Message(kind: kind, isShared: flags & 2 != 0, range: start..<start + size))
  }
}
