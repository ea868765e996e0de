/// The links or attributes of an object that has many of them, in the form of newer versions of the library: a B-tree of
/// version 2, whose records say where in a fractal heap each stands.
extension HDF5Scan {
  /// The places of the objects in a heap that an index lists, in its order.
  ///
  /// - Parameters:
  ///   - kind: of the records: 5 for links by name, 8 for attributes by name.
  ///   - place: Offset of the heap's identifier in a record.
  mutating func denseObjects(
    heap: Int, index: Int, kind: Int, identifierAt place: Int
  ) throws(Problem) -> [(address: Int, count: Int)] {
    let heap = try HDF5Heap(at: heap, in: &self)
    var objects: [(address: Int, count: Int)] = []
    try visitIndex(at: index, kind: kind) { scan, record throws(Problem) in
      try record.skip(place)
      objects.append(try heap.object(&record))
    }
    return objects
  }

  private mutating func visitIndex(
    at address: Int, kind: Int, _ body: (inout Self, inout HDF5Fields) throws(Problem) -> Void
  ) throws(Problem) {
    let name = "an index of names"
    var head = try checkedFields(at: address, count: 38, signature: "BTHD", name)
    let (version, kindOfTree, nodeSize) = (try head.number(1), try head.number(1), try head.number(4))
    guard version == 0 else { throw head.unknown(version: version) }
    let (recordSize, depth) = (try head.number(2), try head.number(2))
    try head.skip(2)
    guard kindOfTree == kind, recordSize > 0, nodeSize > 10 + recordSize, depth <= 8 else { throw head.malformed() }
    guard let root = try head.address() else { return }

    // Widths of the numbers of records in a child, and below it, follow from how many fit.
    let most = (nodeSize - 10) / recordSize
    let countWidth = Self.width(of: most)
    var (totals, total) = ([0], most)
    for _ in 0..<depth {
      let pointer = 8 + countWidth + totals[totals.count - 1]
      let fitting = (nodeSize - 10 - pointer) / (recordSize + pointer)
      guard fitting > 0 else { throw head.malformed() }
      let sum = (fitting + 1).multipliedReportingOverflow(by: total)
      guard !sum.overflow, sum.partialValue < 1 << 56 else { throw head.malformed() }
      total = sum.partialValue + fitting
      totals.append(Self.width(of: total))
    }
    var pending = [(address: root, count: try head.number(2), depth: depth)]
    while let (address, count, depth) = pending.popLast() {
      let pointer = 8 + countWidth + (depth > 0 ? totals[depth - 1] : 0)
      let children = depth > 0 ? (count + 1) * pointer : 0
      guard count <= most else { throw head.malformed() }
      var node = try checkedFields(
        at: address, count: 10 + count * recordSize + children, signature: depth > 0 ? "BTIN" : "BTLF", name)
      try node.skip(2)
      for _ in 0..<count {
        var record = HDF5Fields(Array(try node.take(recordSize)), at: node.offset, name: name)
        try body(&self, &record)
      }
      guard depth > 0 else { continue }
      for _ in 0...count {
        pending.append((try node.requiredAddress(), try node.number(countWidth), depth - 1))
        try node.skip(pointer - 8 - countWidth)
      }
    }
  }

  /// Bytes that numbers up to `number` take.
  static func width(of number: Int) -> Int { (Int.bitWidth - max(number, 1).leadingZeroBitCount + 7) / 8 }
}

/// A fractal heap: blocks whose sizes double from row to row of a table.
private struct HDF5Heap {
  typealias Problem = HDF5Error.Problem

  private static let name = "a heap of names"

  private let offsetWidth: Int
  private let lengthWidth: Int
  /// Blocks of objects, by the offsets at which they begin.
  private var blocks: [(start: Int, size: Int, address: Int)] = []

  init(at address: Int, in scan: inout HDF5Scan) throws(Problem) {
    var head = try scan.checkedFields(at: address, count: 146, signature: "FRHP", Self.name)
    let version = try head.number(1)
    guard version == 0 else { throw head.unknown(version: version) }
    try head.skip(2)
    guard try head.number(2) == 0 else { throw .notRead("a compressed list of links or attributes") }
    try head.skip(1)
    let greatestObject = try head.number(4)
    try head.skip(8 * 12)
    let (width, first, greatest) = (try head.number(2), try head.number(8), try head.number(8))
    offsetWidth = (try head.number(2) + 7) / 8
    try head.skip(2)
    let (root, rootRows) = (try head.address(), try head.number(2))
    func isPower(_ number: Int) -> Bool { number > 0 && number & (number - 1) == 0 && number <= 1 << 31 }
    guard isPower(width), isPower(first), isPower(greatest), first <= greatest, 1...7 ~= offsetWidth else {
      throw head.malformed()
    }
    lengthWidth = min(HDF5Scan.width(of: greatest - 1), HDF5Scan.width(of: greatestObject))
    guard let root else { return }
    if rootRows == 0 { blocks = [(0, first, root)] }
    var tables = rootRows == 0 ? [] : [(address: root, rows: rootRows, start: 0)]
    while let (address, rows, start) = tables.popLast() {
      guard rows <= 48 else { throw head.malformed() }
      var table = try scan.checkedFields(
        at: address, count: 17 + offsetWidth + 8 * width * rows, signature: "FHIB", Self.name)
      try table.skip(9 + offsetWidth)
      var next = start
      for row in 0..<rows {
        // The first two rows have blocks of the first size, each further one of twice the size of the one before.
        let size = first << max(row - 1, 0)
        guard size > 0, size <= (1 << 56) / width, next < 1 << 56 else { throw table.malformed() }
        for _ in 0..<width {
          if let child = try table.address() {
            if size <= greatest {
              blocks.append((next, size, child))
            } else {
              let rowsBelow = (size / first).trailingZeroBitCount - width.trailingZeroBitCount + 1
              guard 1..<rows ~= rowsBelow else { throw table.malformed() }
              tables.append((child, rowsBelow, next))
            }
          }
          next += size
        }
      }
    }
    blocks.sort { $0.start < $1.start }
  }

  /// Where the object of an identifier stands.
  func object(_ identifier: inout HDF5Fields) throws(Problem) -> (address: Int, count: Int) {
    guard try identifier.number(1) == 0 else { throw .notRead("a link or an attribute of an unusual size") }
    let (offset, count) = (try identifier.number(offsetWidth), try identifier.number(lengthWidth))
    let after = blocks.partitioningIndex { $0.start > offset }
    guard after > 0 else { throw identifier.malformed() }
    let block = blocks[after - 1]
    let place = block.address.addingReportingOverflow(offset - block.start)
    guard offset + count <= block.start + block.size, !place.overflow else { throw identifier.malformed() }
    return (place.partialValue, count)
  }
}

extension Array {
  /// The first index whose element is beyond a boundary, of elements that are ordered by it.
  fileprivate func partitioningIndex(where isBeyond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
