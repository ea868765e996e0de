extension MappedFile {
  /// Offset, from the start of the file, of the first ill-formed UTF-8 sequence in `range`; nil where there is none.
  /// - Complexity: O(`range.count`) time, no memory.
  package func firstInvalidUTF8(in range: Range<Int>) -> Int? {
    withUnsafeBytes { bytes in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
      var offset = 0
      while offset < bytes.count {
        if offset + 8 <= bytes.count,
          bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          offset += 8
          continue
        }
        let length = scalarLength(bytes, at: offset)
        if length == 0 { return range.lowerBound + offset }
        offset += length
      }
      return nil
    }
  }
}

/// Where the well-formed UTF-8 ends that begins at `start`.
/// - Complexity: O(n) time in its length, no memory.
package func endOfWellFormedUTF8(in bytes: [UInt8], from start: Int) -> Int {
  bytes.withUnsafeBytes { bytes in
    var offset = start
    while offset < bytes.count {
      let length = scalarLength(bytes, at: offset)
      if length == 0 { break }
      offset += length
    }
    return offset
  }
}

/// Bytes of the well-formed scalar at `offset` (Unicode Standard, table 3-7); 0 where there is none.
private func scalarLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
  let lead = bytes[offset]
  let second: ClosedRange<UInt8>
  let length: Int
  switch lead {
  case 0x00...0x7F: return 1
  case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
  case 0xE0: (length, second) = (3, 0xA0...0xBF)
  case 0xED: (length, second) = (3, 0x80...0x9F)
  case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
  case 0xF0: (length, second) = (4, 0x90...0xBF)
  case 0xF4: (length, second) = (4, 0x80...0x8F)
  case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
  default: return 0
  }
  guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else { return 0 }
  for place in 2..<max(length, 2) where bytes[offset + place] & 0xC0 != 0x80 { return 0 }
  return length
}
