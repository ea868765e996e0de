import TensorCore

/// Encoder or decoder of symbols of given probabilities. Both have the same interface, so that the model that gives the
/// probabilities is written once.
package protocol SymbolCoder {
  /// Codes a symbol with the probabilities counts[i] / total.
  ///
  /// - Parameters:
  ///   - symbol: symbol to encode; a decoder ignores it.
  ///   - counts: at least 1 each. Their sum is `total`, at most 2³².
  /// - Returns: the symbol.
  mutating func code(_ symbol: Int, counts: [UInt64], total: UInt64) throws(CompressionError) -> Int
}

/// Arithmetic encoder with 64-bit numbers (Martin 1979, "Range encoding: an algorithm for removing redundancy from a digitised
/// message"). Carries go into the bytes that are written already.
///
/// The range has at least 2⁵⁶ before a symbol, so that a total of 2³² wastes less than 2⁻²⁴ of it.
package struct RangeEncoder: SymbolCoder {
  package private(set) var bytes: [UInt8] = []
  private var low: UInt64 = 0
  private var range = UInt64.max

  package init() {}

  package mutating func code(_ symbol: Int, counts: [UInt64], total: UInt64) -> Int {
    let part = range / total
    add(part * counts[..<symbol].reduce(0, +))
    range = part * counts[symbol]
    while range < 1 << 56 {
      bytes.append(UInt8(low >> 56))
      low <<= 8
      range <<= 8
    }
    return symbol
  }

  private mutating func add(_ number: UInt64) {
    let (sum, isCarried) = low.addingReportingOverflow(number)
    low = sum
    guard isCarried else { return }
    var place = bytes.count - 1
    while bytes[place] == 0xFF {
      bytes[place] = 0
      place -= 1
    }
    bytes[place] += 1
  }

  /// All bytes, with one more to tell the last range from others.
  package mutating func finish() -> [UInt8] {
    let step: UInt64 = 1 << 56
    add(step - 1)
    bytes.append(UInt8(low >> 56))
    return bytes
  }
}

/// Decoder of what a `RangeEncoder` wrote. Any bytes can be decoded: of damaged ones come other symbols or an error.
package struct RangeDecoder: SymbolCoder {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  /// The number that is read, less the start of the range.
  private var offset: UInt64 = 0
  private var range = UInt64.max

  package init(_ bytes: ArraySlice<UInt8>) {
    (self.bytes, position) = (bytes, bytes.startIndex)
    for _ in 0..<8 { takeByte() }
  }

  package mutating func code(_ symbol: Int, counts: [UInt64], total: UInt64) throws(CompressionError) -> Int {
    let part = range / total
    let target = min(offset / part, total - 1)
    var (symbol, start) = (0, UInt64(0))
    while symbol + 1 < counts.count && start + counts[symbol] <= target {
      start += counts[symbol]
      symbol += 1
    }
    offset &-= part * start
    range = part * counts[symbol]
    while range < 1 << 56 {
      takeByte()
      range <<= 8
    }
    // Zeros are read past the end; more of them than the last symbol needs belong to no encoding.
    guard position <= bytes.endIndex + Self.readAhead else { throw .otherContent }
    return symbol
  }

  /// Whether all bytes were decoded, after the last symbol.
  package var isAtEnd: Bool { position == bytes.endIndex + Self.readAhead }

  /// Bytes that are read beyond the last one that is needed.
  private static let readAhead = 7

  private mutating func takeByte() {
    offset = offset << 8 | (position < bytes.endIndex ? UInt64(bytes[position]) : 0)
    position += 1
  }
}
