extension StoredBytes {
  /// The cyclic redundancy check CRC-32 of ZIP and gzip (RFC 1952, section 8): polynomial 0x04C11DB7, bits reflected.
  ///
  /// Sixteen bytes at a time, each looked up in a table of its own (Kounavis and Berry, "Novel table lookup-based
  /// algorithms for high-performance CRC generation", 2008).
  package var crc32: UInt32 {
    withUnsafeBytes { bytes in
      tables.withUnsafeBufferPointer { tables in
        var (crc, offset) = (UInt32.max, 0)
        while offset + 16 <= bytes.count {
          let low = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ UInt64(crc)
          let high = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
          crc = 0
          for place in 0..<8 {
            let shift = UInt64(8 * place)
            crc ^= tables[(15 - place) << 8 | Int(truncatingIfNeeded: low >> shift & 0xFF)]
            crc ^= tables[(7 - place) << 8 | Int(truncatingIfNeeded: high >> shift & 0xFF)]
          }
          offset += 16
        }
        for byte in bytes[offset...] { crc = tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
        return ~crc
      }
    }
  }
}

/// Remainders of the 256 bytes, followed by 0 to 15 bytes of zero.
private let tables: [UInt32] = {
  var tables = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1 == 0 ? 0 : 0xEDB8_8320) }
  }
  for index in 256..<16 * 256 {
    let shorter = tables[index - 256]
    tables.append(shorter >> 8 ^ tables[Int(shorter & 0xFF)])
  }
  return tables
}()
