/// Sequences of byte ranges, each of one to four, that spell the scalars of a range in UTF-8, and nothing else. Surrogates are left out.
///
/// A range is cut where its scalars change their number of bytes, then where a byte before the last ones changes.
func utf8Ranges(of range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
  var (open, sequences) = ([range], [[ClosedRange<UInt8>]]())
  while let range = open.popLast() {
    if let last = lastBeforeCut(range) {
      open.append(last + 1...range.upperBound)
      open.append(range.lowerBound...last)
    } else if !(0xD800...0xDFFF).contains(range.lowerBound) {
      let ends = [range.lowerBound, range.upperBound].map { Array(String(Unicode.Scalar($0)!).utf8) }
      sequences.append(zip(ends[0], ends[1]).map { $0...$1 })
    }
  }
  return sequences
}

/// The last scalar of a range's first piece; nil for a range that is one piece.
private func lastBeforeCut(_ range: ClosedRange<UInt32>) -> UInt32? {
  let (low, high) = (range.lowerBound, range.upperBound)
  for end: UInt32 in [0x7F, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFF] where low <= end && end < high { return end }
  if high <= 0x7F { return nil }
  for bytes: UInt32 in 1...3 {
    let mask: UInt32 = (1 << (6 * bytes)) - 1
    if low & ~mask == high & ~mask { continue }
    if low & mask != 0 { return low | mask }
    if high & mask != mask { return (high & ~mask) - 1 }
  }
  return nil
}
