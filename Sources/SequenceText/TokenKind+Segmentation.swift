import TensorCore

extension TokenKind {
  /// Calls one of two functions with the byte ranges of the tokens of `bytes`, in order, as far as the tokens are certain,
  /// and returns where the first begins that is not: what comes after `bytes` might belong to it. At the end of a text
  /// nothing comes, and all are certain.
  ///
  /// `bytes` must begin where a token does. For characters and scalars they must be valid UTF-8, save that the last
  /// scalar may be incomplete before the end of the text. Of words and subwords these are the pieces, which tokens spell.
  ///
  /// - Parameters:
  ///   - singles: takes a range in which each byte is a token of its own.
  ///   - sequence: takes the range of one token.
  /// - Complexity: O(`bytes.count`).
  @inline(__always)
  @discardableResult
  func forEachToken(
    in bytes: [UInt8], isEnd: Bool, singles: (Range<Int>) -> Void, sequence: (Range<Int>) -> Void
  ) -> Int {
    if self == .byte {
      singles(bytes.indices)
      return bytes.count
    }
    if isOfPieces { return TextPieceRule.forEachPiece(in: bytes, 0..<bytes.count, isEnd: isEnd, sequence) }
    var start = 0
    while start < bytes.count {
      if isPlain(bytes[start]) {
        let plain = endOfPlainText(in: bytes, from: start)
        // Bytes after a plain byte may belong to its character (a combining mark, say); a second plain byte does not.
        let certain = self == .scalar ? plain : plain - 1
        if start < certain {
          singles(start..<certain)
          start = certain
          continue
        }
      }
      let end = start + scalarLength(lead: bytes[start])
      let isToken =
        self == .scalar
        ? end <= bytes.count : end < bytes.count && isHardBoundary(between: bytes[start], and: bytes[end])
      if isToken {
        sequence(start..<end)
        start = end
        continue
      }
      let next = self == .scalar ? start : endOfCharacters(in: bytes, from: start, isEnd: isEnd, sequence)
      if next == start { break }
      start = next
    }
    return start
  }
}

/// Calls `body` for the Characters from `start` to the next hard boundary, and returns where that is. If the bytes end
/// before, but not the text, the last Character is left out.
private func endOfCharacters(
  in bytes: [UInt8], from start: Int, isEnd: Bool, _ body: (Range<Int>) -> Void
) -> Int {
  var end = endOfRun(in: bytes, from: start)
  let isOpen = end == bytes.count && !isEnd
  if isOpen { end -= incompleteTail(of: bytes) }
  if end <= start { return start }
  let run = String(decoding: bytes[start..<end], as: UTF8.self)
  var (start, index) = (start, run.startIndex)
  while index < run.endIndex {
    let next = run.index(after: index)
    // Whether a Character goes on depends on its own scalars and the next one, so that only the last is open.
    if isOpen && next == run.endIndex { break }
    let length = run.utf8.distance(from: index, to: next)
    body(start..<start + length)
    start += length
    index = next
  }
  return start
}

/// The end of the shortest run of scalars from `start` on that ends at a hard boundary or with the text.
private func endOfRun(in bytes: [UInt8], from start: Int) -> Int {
  var (last, end) = (start, start + scalarLength(lead: bytes[start]))
  while end < bytes.count, !isHardBoundary(between: bytes[last], and: bytes[end]) {
    (last, end) = (end, end + scalarLength(lead: bytes[end]))
  }
  return min(end, bytes.count)
}

/// Whether a Character surely ends between two neighbouring scalars that begin with these bytes, whatever stands around
/// them: each of them stands alone, or one is a line feed that no carriage return is before. No rule of grapheme breaking
/// (Unicode Standard Annex 29) reaches across such a place, so that the text may be cut there and its parts segmented one
/// by one. Bytes that are not part of a scalar may be given too: read as U+FFFD they stand alone.
@inline(__always)
func isHardBoundary(between first: UInt8, and second: UInt8) -> Bool {
  let (lineFeed, carriageReturn): (UInt8, UInt8) = (0x0A, 0x0D)
  return standsAlone(first) && standsAlone(second) || first == lineFeed
    || second == lineFeed && first != carriageReturn
}

/// Whether all scalars that begin with this byte are such that two of them in a row never make one Character.
@inline(__always)
private func standsAlone(_ lead: UInt8) -> Bool {
  switch lead {
  case 0x0D: false
  case 0x00...0x7F: true
  // U+00C0 to U+02FF, U+0380 to U+047F, U+04C0 to U+053F: Latin, Greek, Cyrillic and Armenian letters.
  case 0xC3...0xCB, 0xCE...0xD1, 0xD3...0xD4: true
  // U+4000 to U+9FFF and U+B000 to U+CFFF: Chinese characters and whole Hangul syllables.
  case 0xE4...0xE9, 0xEB...0xEC: true
  default: false
  }
}

@inline(__always)
private func scalarLength(lead: UInt8) -> Int {
  switch lead {
  case ..<0x80: 1
  case ..<0xE0: 2
  case ..<0xF0: 3
  default: 4
  }
}
