/// From a symbol's bytes to its id, without making an array or a string of a short symbol.
struct SymbolIndex: Sendable {
  private var singles = [Int32](repeating: unknown, count: 256)
  /// Symbols of two to seven bytes, in a table of open places: a symbol stands at the first free place from `place(of:)` on.
  private var keys = [UInt64](repeating: 0, count: 64)
  private var ids = [Int32](repeating: unknown, count: 64)
  private var packedCount = 0
  private var long: [[UInt8]: Int32] = [:]

  /// Result of `id(of:in:)` for a symbol that is not in the index.
  static let unknown: Int32 = -1
  /// Id that stands for no token: the line feed of a pair that is read as one line end.
  static let none: Int32 = -2

  /// The id of the symbol `bytes[range]`; `range` is not empty.
  @inline(__always)
  func id(of range: Range<Int>, in bytes: [UInt8]) -> Int32 {
    if range.count == 1 { return singles[Int(bytes[range.lowerBound])] }
    return idOfSequence(range, in: bytes)
  }

  private func idOfSequence(_ range: Range<Int>, in bytes: [UInt8]) -> Int32 {
    if let key = Self.key(range, in: bytes) { return ids[place(of: key)] }
    return long[Array(bytes[range])] ?? Self.unknown
  }

  /// Adds a symbol that is not there.
  mutating func insert(_ range: Range<Int>, in bytes: [UInt8], id: Int32) {
    if range.count == 1 {
      singles[Int(bytes[range.lowerBound])] = id
    } else if let key = Self.key(range, in: bytes) {
      packedCount += 1
      if 2 * packedCount > keys.count { grow() }
      insert(key, id: id)
    } else {
      long[Array(bytes[range])] = id
    }
  }

  private mutating func insert(_ key: UInt64, id: Int32) {
    let place = place(of: key)
    keys[place] = key
    ids[place] = id
  }

  private mutating func grow() {
    let (oldKeys, oldIDs) = (keys, ids)
    keys = [UInt64](repeating: 0, count: 2 * oldKeys.count)
    ids = [Int32](repeating: Self.unknown, count: keys.count)
    for (key, id) in zip(oldKeys, oldIDs) where key != 0 { insert(key, id: id) }
  }

  /// Slot of `key`, or the free slot for it. At least half of the slots are free.
  private func place(of key: UInt64) -> Int {
    // The high bits of the product depend on all bits of the key; the constant is 2⁶⁴ over the golden ratio.
    let mask = keys.count - 1
    var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while keys[place] != key && keys[place] != 0 { place = (place + 1) & mask }
    return place
  }

  /// Up to seven bytes in one word. The length stands in the eighth, because bytes of zero would else be lost; no key is 0.
  @inline(__always)
  private static func key(_ range: Range<Int>, in bytes: [UInt8]) -> UInt64? {
    guard range.count <= 7 else { return nil }
    var key = UInt64(range.count)
    for byte in bytes[range] { key = key << 8 | UInt64(byte) }
    return key
  }
}
