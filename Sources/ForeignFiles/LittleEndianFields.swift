extension [UInt8] {
  /// The little-endian number in the `width` bytes at `offset`; nil where they leave the array or exceed `Int.max`.
  func number(at offset: Int, width: Int) -> Int? {
    guard offset >= 0, offset <= count - width else { return nil }
    return Int(exactly: self[offset..<offset + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}
