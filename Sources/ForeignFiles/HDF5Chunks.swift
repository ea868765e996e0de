import TensorCheckpoints
import TensorCore

/// A dataset that is stored in blocks of one shape, each of which may be compressed.
struct HDF5Chunks {
  typealias Problem = HDF5Error.Problem

  /// Where the chunks are listed.
  private enum Index {
    case tree
    /// The whole dataset is one chunk of so many bytes, where filters apply.
    case single(size: Int?, skipped: Int)
    /// All chunks in their order, one after the other, without filters.
    case implicit
    /// Their addresses in their order, in pages of 2 to the power of a number.
    case fixedArray
  }

  /// Bytes of a chunk as it is stored, and the filters that it did not go through, as bits.
  private struct Stored {
    let address: Int
    let size: Int
    let skipped: Int
  }

  private let index: Index
  /// Nil where nothing was written.
  private let address: Int?
  private let sizes: [Int]
  private let elementSize: Int
  private let filters: [HDF5Filter]

  init(
    _ fields: inout HDF5Fields, version: Int, axes: Int, elementSize: Int, filters: [HDF5Filter]
  ) throws(Problem) {
    (self.elementSize, self.filters) = (elementSize, filters)
    var (axes, flags, width, index, address) = (axes, 0, 4, Index.tree, Int?.none)
    if version >= 4 { flags = try fields.number(1) }
    if version >= 3 { axes = try fields.number(1) }
    if version >= 4 { width = try fields.number(1) } else { address = try fields.address() }
    guard 1...CheckpointLimits.rank + 1 ~= axes, 1...8 ~= width else { throw fields.malformed() }
    var sizes: [Int] = []
    for _ in 0..<axes { sizes.append(try fields.number(width)) }
    // The last axis is that of an element's bytes.
    guard sizes.allSatisfy({ $0 > 0 }), sizes.removeLast() == elementSize else { throw fields.malformed() }
    if version >= 4 {
      switch try fields.number(1) {
      case 1 where flags & 2 != 0: index = .single(size: try fields.number(8), skipped: try fields.number(4))
      case 1: index = .single(size: nil, skipped: 0)
      case 2: index = .implicit
      case 3:
        index = .fixedArray
        try fields.skip(1)
      case 4: throw .notRead("chunks in an extensible array, as libver='latest' writes them")
      case 5: throw .notRead("chunks in a B-tree of version 2, as libver='latest' writes them")
      default: throw fields.malformed()
      }
      address = try fields.address()
    }
    (self.index, self.address, self.sizes) = (index, address, sizes)
  }

  /// So many bytes of a repeated element, or of zeros.
  static func filled(_ size: Int, with element: [UInt8]) -> [UInt8] {
    guard element.contains(where: { $0 != 0 }) else { return [UInt8](repeating: 0, count: size) }
    // Some kilobytes at a time.
    let run = [[UInt8]](repeating: element, count: 4096 / element.count + 1).flatMap(\.self)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    while bytes.count < size { bytes += run.prefix(size - bytes.count) }
    return bytes
  }

  /// The bytes of all elements of a dataset that has some, in row-major order.
  func bytes(
    of shape: [Int], fill: [UInt8], in scan: inout HDF5Scan, budget: inout CopyBudget
  ) throws(Problem) -> [UInt8] {
    guard shape.count == sizes.count else { throw .malformed("the shape of chunks", offset: address ?? 0) }
    let grid = zip(shape, sizes).map { ($0 - 1) / $1 + 1 }
    let types = StoredTensor.DType.u8
    guard let chunkBits = types.bitCount(ofShape: sizes + [elementSize]),
      let wholeBits = types.bitCount(
        ofShape: zip(grid, sizes).map { $0.multipliedReportingOverflow(by: $1).partialValue } + [elementSize]),
      let count = types.bitCount(ofShape: grid).map({ $0 / 8 })
    else { throw .shapeTooLarge }
    // Chunks reach beyond the end of the axes. Each is decompressed as a whole, and one of its filters needs a copy.
    let copies = filters.isEmpty ? 0 : filters.contains { $0 != .deflate } ? 2 : 1
    guard budget.take(wholeBits / 8), budget.hasRoom(for: copies * (chunkBits / 8) + count) else {
      throw .tooMuchMemory
    }
    var bytes = Self.filled(shape.reduce(elementSize, *), with: fill)
    guard let address else { return bytes }
    let placement = HDF5Placement(shape: shape, chunk: sizes, grid: grid, elementSize: elementSize)
    var isPlaced = [Bool](repeating: false, count: count)
    try visit(at: address, chunkSize: chunkBits / 8, grid: grid, count: count, in: &scan) {
      scan, number, stored throws(Problem) in
      guard !isPlaced[number] else { throw .damagedChunk("it stands there twice") }
      isPlaced[number] = true
      placement.put(try data(of: stored, size: chunkBits / 8, in: &scan), number: number, into: &bytes)
    }
    return bytes
  }

  /// The bytes of a chunk before its filters.
  private func data(of stored: Stored, size: Int, in scan: inout HDF5Scan) throws(Problem) -> [UInt8] {
    guard let contents = scan.source.contents(at: stored.address, count: stored.size) else {
      throw .outOfBounds("a chunk of a dataset", offset: stored.address)
    }
    try scan.charge(stored.size)
    let applied = filters.indices.filter { stored.skipped >> $0 & 1 == 0 }.map { filters[$0] }
    defer { contents.releasePages() }
    return try HDF5Filter.undo(applied, on: contents, size: size)
  }

  // MARK: Indices

  /// Calls `body` for each chunk that was written, with its number in row-major order.
  private func visit(
    at address: Int, chunkSize: Int, grid: [Int], count: Int, in scan: inout HDF5Scan,
    _ body: (inout HDF5Scan, Int, Stored) throws(Problem) -> Void
  ) throws(Problem) {
    switch index {
    case .tree:
      try scan.visitTree(at: address, kind: 1, keySize: 16 + 8 * sizes.count) { scan, key, child throws(Problem) in
        let (size, skipped) = (try key.number(4), try key.number(4))
        var number = 0
        for (length, total) in zip(sizes, grid) {
          let start = try key.number(8)
          guard start % length == 0, start / length < total else { throw key.malformed() }
          number = number * total + start / length
        }
        try body(&scan, number, Stored(address: child, size: size, skipped: skipped))
      }
    case .single(let size, let skipped):
      guard count == 1 else { throw .malformed("the only chunk of a dataset", offset: address) }
      try body(&scan, 0, Stored(address: address, size: size ?? chunkSize, skipped: skipped))
    case .implicit:
      guard filters.isEmpty else { throw .malformed("the chunks of a dataset", offset: address) }
      // Their end is within the file, or the last one is not read.
      for number in 0..<count {
        let start = address.addingReportingOverflow(number * chunkSize)
        guard !start.overflow else { throw .outOfBounds("a chunk of a dataset", offset: address) }
        try body(&scan, number, Stored(address: start.partialValue, size: chunkSize, skipped: 0))
      }
    case .fixedArray: try visitFixedArray(at: address, chunkSize: chunkSize, count: count, in: &scan, body)
    }
  }

  private func visitFixedArray(
    at address: Int, chunkSize: Int, count: Int, in scan: inout HDF5Scan,
    _ body: (inout HDF5Scan, Int, Stored) throws(Problem) -> Void
  ) throws(Problem) {
    let name = "the index of chunks"
    var head = try scan.checkedFields(at: address, count: 28, signature: "FAHD", name)
    let (version, kind, entrySize, pageBits) = (
      try head.number(1), try head.number(1), try head.number(1), try head.number(1)
    )
    guard version == 0 else { throw head.unknown(version: version) }
    let sizeWidth = entrySize - 12
    guard try head.number(8) == count, kind == (filters.isEmpty ? 0 : 1), pageBits < 32,
      kind == 0 ? entrySize == 8 : 1...8 ~= sizeWidth
    else { throw head.malformed() }
    let block = try head.requiredAddress()
    // More entries than a page holds stand in pages, of which bits tell whether they were written; each has a checksum.
    let pageCount = 1 << pageBits
    let pages = count > pageCount ? (count - 1) / pageCount + 1 : 0
    let start = 14 + (pages + 7) / 8
    var prefix = try scan.fields(at: block, count: start, name)
    try prefix.signature("FADB")
    try prefix.skip(10)
    let written = Array(try prefix.take((pages + 7) / 8))
    for page in 0..<max(pages, 1) where pages == 0 || written[page / 8] >> UInt8(7 - page % 8) & 1 == 1 {
      let number = page * pageCount
      let address = block + start + (pages == 0 ? 0 : 4 + page * (pageCount * entrySize + 4))
      var entries = try scan.fields(at: address, count: min(pageCount, count - number) * entrySize, name)
      for place in 0..<min(pages > 0 ? pageCount : count, count - number) {
        let chunk = try entries.address()
        let (size, skipped) =
          kind == 0 ? (chunkSize, 0) : (try entries.number(sizeWidth), try entries.number(4))
        guard let chunk else { continue }
        try body(&scan, number + place, Stored(address: chunk, size: size, skipped: skipped))
      }
    }
  }
}

/// Positions of the elements of chunks in a dataset.
private struct HDF5Placement {
  let shape: [Int]
  let chunk: [Int]
  let grid: [Int]
  let elementSize: Int

  /// Copies the part of a chunk that lies within the dataset.
  func put(_ data: [UInt8], number: Int, into bytes: inout [UInt8]) {
    let rank = shape.count
    var (start, rest) = ([Int](repeating: 0, count: rank), number)
    for axis in shape.indices.reversed() {
      start[axis] = rest % grid[axis] * chunk[axis]
      rest /= grid[axis]
    }
    let lengths = (0..<rank).map { min(chunk[$0], shape[$0] - start[$0]) }
    let run = (lengths.last ?? 1) * elementSize
    var index = [Int](repeating: 0, count: max(rank - 1, 0))
    while true {
      var (source, target) = (0, 0)
      for axis in 0..<rank {
        let place = axis < rank - 1 ? index[axis] : 0
        source = source * chunk[axis] + place
        target = target * shape[axis] + start[axis] + place
      }
      source *= elementSize
      target *= elementSize
      bytes.replaceSubrange(target..<target + run, with: data[source..<source + run])
      var axis = rank - 2
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < lengths[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
