import TensorCheckpoints
import TensorCore

/// Where a name in a group leads to.
enum HDF5Link: Sendable {
  /// The header of an object, by its address.
  case object(Int)
  /// Another path in the file.
  case path(String)
}

extension HDF5Scan {
  /// The links of a group; nil where the messages are those of no group.
  mutating func links(of messages: [HDF5Message]) throws(Problem) -> [(name: String, link: HDF5Link)]? {
    var (links, isGroup) = ([(name: String, link: HDF5Link)](), false)
    for message in messages {
      switch message.kind {
      case .symbolTable: try addSymbols(of: message, to: &links)
      case .linkInfo: try addDenseLinks(of: message, to: &links)
      case .link:
        var fields = try fields(of: message, "a link")
        links.append(try Self.link(&fields))
      default: continue
      }
      isGroup = true
    }
    return isGroup ? links : nil
  }

  // MARK: Groups of the old form

  private mutating func addSymbols(
    of message: HDF5Message, to links: inout [(name: String, link: HDF5Link)]
  ) throws(Problem) {
    var table = try fields(of: message, "a group")
    let (tree, heapAddress) = (try table.requiredAddress(), try table.requiredAddress())
    var heap = try fields(at: heapAddress, count: 32, "the names of a group")
    try heap.signature("HEAP")
    try heap.skip(4)
    let size = try heap.number(8)
    try heap.skip(8)
    let names = (start: try heap.requiredAddress(), size: size)
    try visitTree(at: tree, kind: 0, keySize: 8) { scan, _, child throws(Problem) in
      var node = try scan.fields(at: child, count: 8, "a group")
      try node.signature("SNOD")
      try node.skip(2)
      let count = try node.number(2)
      var entries = try scan.fields(at: child + 8, count: 40 * count, "a group")
      for _ in 0..<count {
        let name = try scan.name(at: try entries.number(8), in: names)
        let address = try entries.address()
        let cache = try entries.number(4)
        try entries.skip(4)
        let scratch = try entries.number(4)
        try entries.skip(12)
        if cache == 2 {
          links.append((name, .path(try scan.name(at: scratch, in: names))))
        } else {
          guard let address else { throw entries.malformed() }
          links.append((name, .object(address)))
        }
      }
    }
  }

  /// A text that ends with a zero, in the heap of a group.
  private mutating func name(at offset: Int, in heap: (start: Int, size: Int)) throws(Problem) -> String {
    guard offset < heap.size else { throw .outOfBounds("a name", offset: heap.start) }
    let (start, overflow) = heap.start.addingReportingOverflow(offset)
    guard !overflow else { throw .outOfBounds("a name", offset: heap.start) }
    let longest = min(heap.size - offset, CheckpointLimits.name + 1, max(0, source.range.count - start))
    guard let contents = source.contents(at: start, count: longest) else { throw .outOfBounds("a name", offset: start) }
    guard let end = contents.firstIndex(of: 0) else { throw .tooMuch("bytes of a name") }
    var name = try fields(at: start, count: end, "a name")
    return try name.text(end)
  }

  // MARK: Groups of the new form

  private mutating func addDenseLinks(
    of message: HDF5Message, to links: inout [(name: String, link: HDF5Link)]
  ) throws(Problem) {
    var info = try fields(of: message, "a group")
    let (version, flags) = (try info.number(1), try info.number(1))
    guard version == 0 else { throw info.unknown(version: version) }
    if flags & 1 != 0 { try info.skip(8) }
    guard let heap = try info.address() else { return }
    let index = try info.requiredAddress()
    for (address, count) in try denseObjects(heap: heap, index: index, kind: 5, identifierAt: 4) {
      var fields = try fields(at: address, count: count, "a link")
      links.append(try Self.link(&fields))
    }
  }

  private static func link(_ fields: inout HDF5Fields) throws(Problem) -> (name: String, link: HDF5Link) {
    let (version, flags) = (try fields.number(1), try fields.number(1))
    guard version == 1 else { throw fields.unknown(version: version) }
    let kind = flags & 8 != 0 ? try fields.number(1) : 0
    if flags & 4 != 0 { try fields.skip(8) }
    if flags & 16 != 0 { try fields.skip(1) }
    let length = try fields.number(1 << (flags & 3))
    guard length <= CheckpointLimits.name else { throw .tooMuch("bytes of a name") }
    let name = try fields.text(length)
    switch kind {
    case 0: return (name, .object(try fields.requiredAddress()))
    case 1:
      let length = try fields.number(2)
      guard length <= CheckpointLimits.name else { throw .tooMuch("bytes of a path") }
      return (name, .path(try fields.text(length)))
    case 64: throw .notInFile("the link \(name.quotedName) to another file")
    default: throw .notRead("the link \(name.quotedName) of kind \(kind)")
    }
  }
}
