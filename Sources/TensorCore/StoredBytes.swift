/// Immutable bytes: an array, or a range of a file, which they keep mapped and do not copy, or parts of such in another order.
package enum StoredBytes: Sendable {
  case array([UInt8])
  case mapped(MappedFile, Range<Int>)
  /// Parts one after the other, which are copied each time they are read.
  case arranged([ArrangedBytes])

  package var count: Int {
    switch self {
    case .array(let bytes): bytes.count
    case .mapped(_, let range): range.count
    case .arranged(let parts): parts.reduce(0) { $0 + $1.count }
    }
  }

  /// Whether parts share the bytes: those of a file do.
  package var isMapped: Bool { if case .mapped = self { true } else { false } }

  /// The bytes themselves; of a file or of parts, a copy.
  package var array: [UInt8] {
    switch self {
    case .array(let bytes): bytes
    case .mapped(let file, let range): file[range]
    case .arranged(let parts): ArrangedBytes.copied(parts)
    }
  }

  /// Calls `body` with the bytes, piece by piece: with copies of a mebibyte of a file at most, of 16 MiB of other parts.
  package func forEachPiece<Failure: Error>(_ body: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
    switch self {
    case .array(let bytes): try body(bytes)
    case .mapped(let file, let range):
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min(start + 1 << 20, range.upperBound)
        try body(file[start..<end])
        start = end
      }
    case .arranged: for piece in arrangedPieces { try body(piece.array) }
    }
  }

  /// Parts one after the other; in several blocks, a block of each part in turn. Memory of a file's pages that were read for them
  /// is given back.
  ///
  /// - Precondition: each part is of that many equal blocks.
  package static func joining(_ parts: [StoredBytes], blocks: Int = 1) -> StoredBytes {
    let size = parts.reduce(0) { $0 + $1.count }
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, filled in
      let target = UnsafeMutableRawBufferPointer(target)
      var place = 0
      for part in parts where part.count > 0 {
        let count = part.count / blocks
        part.withUnsafeBytes { source in
          for block in 0..<blocks {
            let start = place + block * (size / blocks)
            UnsafeMutableRawBufferPointer(rebasing: target[start..<start + count])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[block * count..<(block + 1) * count]))
          }
        }
        part.releasePages()
        place += count
      }
      filled = size
    }
    return .array(bytes)
  }

  /// Whether all bits are 0 but for the highest one of each number of `width` bytes, 1, 2, 4 or 8, little-endian: its sign.
  package func isZero(besideHighestBitOf width: Int) -> Bool {
    var isZero = true
    forEachBuffer { bytes in
      isZero = isZero && bytes.indices.allSatisfy { bytes[$0] == 0 || bytes[$0] == 0x80 && $0 % width == width - 1 }
    }
    return isZero
  }

  /// Gives back the memory of pages of a file that were read and are not needed for now.
  package func releasePages() { releasePages(in: 0..<count) }

  /// Gives back the memory of pages of a file that hold a part of the bytes.
  func releasePages(in part: Range<Int>) {
    guard case .mapped(let file, let range) = self else { return }
    file.releasePages(in: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }

  /// The whole values in the bytes, little-endian; a remainder too short for one is left out.
  package func decode<Value: BitwiseCopyable>(as type: Value.Type = Value.self) -> [Value] {
    withUnsafeBytes { LittleEndianBytes.decode($0) }
  }

  /// Index of the first element, of the width of `Bits`, in which all of these bits are set.
  /// - Complexity: O(n) time.
  @inlinable
  package func firstIndex<Bits: FixedWidthInteger & BitwiseCopyable>(where allSet: Bits) -> Int? {
    let width = MemoryLayout<Bits>.size
    var (found, start) = (Int?.none, 0)
    forEachBuffer { bytes in
      var index = 0
      while found == nil, (index + 1) * width <= bytes.count {
        if bytes.loadUnaligned(fromByteOffset: index * width, as: Bits.self) & allSet == allSet {
          found = start + index
        }
        index += 1
      }
      start += index
    }
    return found
  }

  package func firstIndex(of byte: UInt8) -> Int? { withUnsafeBytes { $0.firstIndex(of: byte) } }

  /// Calls `body` with the bytes: at once, or piece by piece where they are parts, of which each piece is a copy. Pieces but for the
  /// last have a multiple of 8 bytes.
  package func forEachBuffer(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard case .arranged = self else { return withUnsafeBytes(body) }
    for piece in arrangedPieces { piece.array.withUnsafeBytes(body) }
  }

  @inlinable
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch self {
    case .array(let bytes): bytes.withUnsafeBytes(body)
    case .mapped(let file, let range): file.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    case .arranged: array.withUnsafeBytes(body)
    }
  }
}

extension StoredBytes: Equatable {
  package static func == (left: StoredBytes, right: StoredBytes) -> Bool {
    left.count == right.count && left.withUnsafeBytes { left in right.withUnsafeBytes { left.elementsEqual($0) } }
  }
}
