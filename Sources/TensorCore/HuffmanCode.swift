/// A prefix code of DEFLATE, given by the length of each symbol's code (RFC 1951, section 3.2.2).
struct HuffmanCode {
  /// Bits that the table looks up at once; longer codes are followed bit by bit.
  private static let tableBits = 11
  private static let longest = 15

  /// Symbol and length of the code that begins with the bits of an index, as `symbol << 4 | length`; 0 where it is longer.
  private var entries: [UInt16]
  /// Codes of each length.
  private var counts = [Int](repeating: 0, count: longest + 1)
  /// Symbols that have a code, by length and then by number.
  private var symbols: [UInt16]

  /// Nil where the lengths make no code: codes are missing or too many. A single code may be alone.
  init?(lengths: some Collection<UInt8>) {
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    var (room, codes, nextCode, firstIndex) = (1, 0, [0], [0])
    for length in 1...Self.longest {
      room = room << 1 - counts[length]
      guard room >= 0 else { return nil }
      nextCode.append((nextCode[length - 1] + counts[length - 1]) << 1)
      firstIndex.append(codes)
      codes += counts[length]
    }
    guard room == 0 || codes == 0 || codes == 1 && counts[1] == 1 else { return nil }
    let width = min(Self.tableBits, counts.lastIndex { $0 != 0 } ?? 0)
    entries = [UInt16](repeating: 0, count: 1 << width)
    symbols = [UInt16](repeating: 0, count: codes)
    for (symbol, length) in lengths.enumerated() where length != 0 {
      let length = Int(length)
      symbols[firstIndex[length]] = UInt16(symbol)
      firstIndex[length] += 1
      let code = nextCode[length]
      nextCode[length] += 1
      guard length <= width else { continue }
      // Codes are stored from their highest bit on, all other numbers from their lowest.
      let reversed = Int(UInt16(code).bitReversed >> UInt16(16 - length))
      for index in stride(from: reversed, to: entries.count, by: 1 << length) {
        entries[index] = UInt16(symbol << 4 | length)
      }
    }
  }

  /// Calls `body` with the code in a form that is read without checks.
  func withTable<Result>(_ body: (Table) -> Result) -> Result {
    entries.withUnsafeBufferPointer { entries in
      body(Table(entries: entries, mask: UInt64(entries.count - 1), code: self))
    }
  }

  struct Table {
    fileprivate let entries: UnsafeBufferPointer<UInt16>
    fileprivate let mask: UInt64
    fileprivate let code: HuffmanCode

    /// The symbol at the start of `bits`, lowest first, and how many bits its code has; nil where no code stands there.
    @inline(__always)
    func decode(_ bits: UInt64) -> (symbol: Int, length: Int)? {
      let entry = Int(entries[Int(truncatingIfNeeded: bits & mask)])
      return entry != 0 ? (entry >> 4, entry & 15) : code.decodeLong(bits)
    }
  }

  private func decodeLong(_ bits: UInt64) -> (symbol: Int, length: Int)? {
    var (code, first, index) = (0, 0, 0)
    for length in 1...Self.longest {
      code |= Int(truncatingIfNeeded: bits >> UInt64(length - 1) & 1)
      if code - first < counts[length] { return (Int(symbols[index + code - first]), length) }
      index += counts[length]
      first = (first + counts[length]) << 1
      code <<= 1
    }
    return nil
  }
}

extension UInt16 {
  fileprivate var bitReversed: UInt16 {
    var (bits, result) = (self, UInt16(0))
    for _ in 0..<16 {
      result = result << 1 | bits & 1
      bits >>= 1
    }
    return result
  }
}
