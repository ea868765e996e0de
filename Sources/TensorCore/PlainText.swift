/// Whether a byte is plain text: ASCII, and no carriage return.
@inlinable
package func isPlain(_ byte: UInt8) -> Bool { byte < 0x80 && byte != 0x0D }

/// The end of the run of plain bytes that begins at `start`: the position of the next byte that is not plain, or the end of
/// `bytes`.
/// - Complexity: O(the length of the run), eight bytes at a time.
package func endOfPlainText(in bytes: [UInt8], from start: Int) -> Int {
  require(start >= 0 && start <= bytes.count, "endOfPlainText: byte \(start) of \(bytes.count)")
  let (ones, highBits): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
  let carriageReturn: UInt8 = 0x0D
  return bytes.withUnsafeBytes { bytes in
    var end = start
    while end + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self)
      // Where a byte is a carriage return, the difference is 0, and subtracting 1 sets its high bit.
      let difference = word ^ (ones &* UInt64(carriageReturn))
      if (word | (difference &- ones)) & highBits != 0 { break }
      end += 8
    }
    while end < bytes.count, isPlain(bytes[end]) { end += 1 }
    return end
  }
}
