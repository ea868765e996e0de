/// Variable-length integers of protobuf in a file: 7 bits a byte, the lowest first, at most 64 bits.
extension MappedFile {
  /// The integer at the start of `range`, and where it ends; nil where it is cut short or of more than 64 bits.
  package func varint(in range: Range<Int>) -> (value: UInt64, end: Int)? {
    withUnsafeBytes { Self.varint(in: $0, range) }
  }

  /// Number of integers that end in `range`.
  package func varintCount(in range: Range<Int>) -> Int {
    withUnsafeBytes { bytes in bytes[range].count { $0 < 0x80 } }
  }

  /// All integers in `range`, of which negative ones are in two's complement of 64 bits; nil where one is malformed or has no
  /// exact value in `Number`.
  package func varints<Number: FixedWidthInteger>(in range: Range<Int>, as type: Number.Type = Number.self) -> [Number]?
  {
    withUnsafeBytes { bytes in
      var (numbers, offset) = ([Number](), range.lowerBound)
      numbers.reserveCapacity(varintCount(in: range))
      while offset < range.upperBound {
        guard let (value, end) = Self.varint(in: bytes, offset..<range.upperBound),
          let number = Number.isSigned ? Number(exactly: Int64(bitPattern: value)) : Number(exactly: value)
        else { return nil }
        numbers.append(number)
        offset = end
      }
      return numbers
    }
  }

  private static func varint(in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> (value: UInt64, end: Int)? {
    var value: UInt64 = 0
    for (place, byte) in bytes[range].prefix(10).enumerated() {
      // The tenth byte has the highest bit alone.
      if place == 9 && byte > 1 { return nil }
      value |= UInt64(byte & 0x7F) << UInt64(7 * place)
      if byte < 0x80 { return (value, range.lowerBound + place + 1) }
    }
    return nil
  }
}
