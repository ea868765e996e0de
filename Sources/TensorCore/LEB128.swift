/// Integers as LEB128: 7 bits a byte, the lowest first.
package enum LEB128 {
  /// - Precondition: the number is not negative.
  package static func bytes(_ number: some BinaryInteger) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), number)
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// An integer of at most 2⁶³ − 1; nil where there is none.
  package static func take(from bytes: inout ArraySlice<UInt8>) -> Int? {
    var number = 0
    for shift in stride(from: 0, to: 63, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      number |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return number }
    }
    return nil
  }

  /// Numbers in ascending order: how many, then each less the one before.
  package static func differences(_ numbers: [Int]) -> [UInt8] {
    zip(numbers, [0] + numbers).reduce(into: bytes(numbers.count)) { $0 += bytes($1.0 - $1.1) }
  }

  /// Numbers that were written so; nil where there are none, or not so many.
  package static func takeDifferences(from bytes: inout ArraySlice<UInt8>) -> [Int]? {
    guard let count = take(from: &bytes), count <= bytes.count else { return nil }
    var (numbers, last) = ([Int](), 0)
    for _ in 0..<count {
      guard let difference = take(from: &bytes) else { return nil }
      let (number, overflows) = last.addingReportingOverflow(difference)
      if overflows { return nil }
      last = number
      numbers.append(number)
    }
    return numbers
  }
}
