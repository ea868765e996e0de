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
  /// Messages of a header that are of a known kind, in their order.
  ///
  /// - Parameter limit: How many there may be.
  mutating func header(at address: Int, limit: Int) throws(Problem) -> [HDF5Message] {
    let start = try fields(at: address, count: 4, "the header of an object")
    let isNew = start.bytes.elementsEqual("OHDR".utf8)
    guard isNew || start.bytes[0] == 1 else {
      throw .malformed("the header of an object", offset: address)
    }
    let messages = isNew ? try newHeader(at: address) : try oldHeader(at: address)
    guard messages.count <= limit else { throw .tooMuch("properties of objects") }
    return messages
  }

  private mutating func oldHeader(at address: Int) throws(Problem) -> [HDF5Message] {
    var prefix = try fields(at: address, count: 16, "the header of an object")
    try prefix.skip(2)
    var left = try prefix.number(2)
    try prefix.skip(4)
    var blocks = [(start: address + 16, count: try prefix.number(4))]
    var messages: [HDF5Message] = []
    while let (start, count) = blocks.popLast() {
      var block = try fields(at: start, count: count, "the header of an object")
      while left > 0, block.left >= 8 {
        left -= 1
        let (kind, size, flags) = (try block.number(2), try block.number(2), try block.number(1))
        try block.skip(3)
        try add(kind, flags, size, of: &block, to: &messages, blocks: &blocks)
      }
    }
    guard left == 0 else { throw .malformed("the header of an object", offset: address) }
    return messages
  }

  private mutating func newHeader(at address: Int) throws(Problem) -> [HDF5Message] {
    var prefix = try fields(at: address, count: 6, "the header of an object")
    try prefix.skip(4)
    let (version, flags) = (try prefix.number(1), try prefix.number(1))
    guard version == 2 else { throw prefix.unknown(version: version) }
    let skipped = 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
    let width = 1 << (flags & 3)
    var size = try fields(at: address + skipped, count: width, "the header of an object")
    let count = try size.number(width)
    guard count <= source.range.count else { throw .outOfBounds("the header of an object", offset: address) }
    var blocks = [(start: address, count: skipped + width + count + 4)]
    var (messages, isFirst) = ([HDF5Message](), true)
    while let (start, count) = blocks.popLast() {
      var block = try checkedFields(
        at: start, count: count, signature: isFirst ? "OHDR" : "OCHK", "the header of an object")
      if isFirst { try block.skip(skipped + width - 4) }
      isFirst = false
      let messageHead = flags & 4 != 0 ? 6 : 4
      // A gap at the end may be shorter than the head of a message.
      while block.left >= messageHead {
        let (kind, size, messageFlags) = (try block.number(1), try block.number(2), try block.number(1))
        if flags & 4 != 0 { try block.skip(2) }
        try add(kind, messageFlags, size, of: &block, to: &messages, blocks: &blocks)
      }
    }
    return messages
  }

  private func add(
    _ kind: Int, _ flags: Int, _ size: Int, of block: inout HDF5Fields, to messages: inout [HDF5Message],
    blocks: inout [(start: Int, count: Int)]
  ) throws(Problem) {
    let start = block.offset + block.place
    var body = HDF5Fields(Array(try block.take(size)), at: start, name: "the header of an object")
    guard let kind = HDF5Message.Kind(rawValue: kind) else { return }
    if kind == .continuation {
      blocks.insert((try body.requiredAddress(), try body.number(8)), at: 0)
    } else {
      messages.append(HDF5Message(kind: kind, isShared: flags & 2 != 0, range: start..<start + size))
    }
  }
}
