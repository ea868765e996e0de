/// From a symbol's bytes to its id, without making an array or a string of a short symbol.
struct SymbolIndex: Sendable {
  private var singles = [Int32](repeating: unknown, count: 256)
  private var packed: [UInt64: Int32] = [:]
  private var long: [[UInt8]: Int32] = [:]

  /// What `id(of:in:)` answers for a symbol that is not there.
  static let unknown: Int32 = -1

  /// The id of the symbol `bytes[range]`; `range` is not empty.
  @inline(__always)
  func id(of range: Range<Int>, in bytes: [UInt8]) -> Int32 {
    if range.count == 1 { return singles[Int(bytes[range.lowerBound])] }
    return idOfSequence(range, in: bytes)
  }

  private func idOfSequence(_ range: Range<Int>, in bytes: [UInt8]) -> Int32 {
    if let key = Self.key(range, in: bytes) { return packed[key] ?? Self.unknown }
    return long[Array(bytes[range])] ?? Self.unknown
  }

  mutating func insert(_ range: Range<Int>, in bytes: [UInt8], id: Int32) {
    if range.count == 1 {
      singles[Int(bytes[range.lowerBound])] = id
    } else if let key = Self.key(range, in: bytes) {
      packed[key] = id
    } else {
      long[Array(bytes[range])] = id
    }
  }

  /// Up to seven bytes in one word. The length stands in the eighth, because bytes of zero would else be lost.
  private static func key(_ range: Range<Int>, in bytes: [UInt8]) -> UInt64? {
    guard range.count <= 7 else { return nil }
    var key = UInt64(range.count)
    for byte in bytes[range] { key = key << 8 | UInt64(byte) }
    return key
  }
}
