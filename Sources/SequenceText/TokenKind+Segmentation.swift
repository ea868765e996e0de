extension TokenKind {
  /// Calls `body` with the byte range of each token of `bytes`, in order; the ranges cover all of `bytes`.
  ///
  /// For characters and scalars `bytes` must be valid UTF-8.
  /// - Complexity: O(`bytes.count`).
  @inline(__always)
  func forEachToken(in bytes: [UInt8], _ body: (Range<Int>) -> Void) {
    var start = 0
    switch self {
    case .byte:
      for start in bytes.indices { body(start..<start + 1) }
    case .scalar:
      while start < bytes.count {
        let end = start + scalarLength(lead: bytes[start])
        body(start..<end)
        start = end
      }
    case .character:
      while start < bytes.count {
        let end = endOfRun(in: bytes, from: start)
        if end == start + 1 {
          body(start..<end)
        } else {
          let run = String(decoding: bytes[start..<end], as: UTF8.self)
          var index = run.startIndex
          while index < run.endIndex {
            let next = run.index(after: index)
            let length = run.utf8.distance(from: index, to: next)
            body(start..<start + length)
            start += length
            index = next
          }
        }
        start = end
      }
    }
  }
}

/// The number of Swift Characters in `bytes` read as UTF-8, where each ill-formed sequence reads as one U+FFFD.
/// - Complexity: O(`bytes.count`).
func characterCount(of bytes: [UInt8]) -> Int {
  var count = 0
  var start = 0
  while start < bytes.count {
    let end = endOfRun(in: bytes, from: start)
    count += end == start + 1 ? 1 : String(decoding: bytes[start..<end], as: UTF8.self).count
    start = end
  }
  return count
}

/// Whether a Character surely ends between two neighbouring bytes, whatever stands around them: both are ASCII and they
/// are not CR LF. No rule of grapheme breaking reaches across such a place, so that the text may be cut there and its
/// parts segmented one by one.
@inline(__always)
func isHardBoundary(between first: UInt8, and second: UInt8) -> Bool {
  first < 0x80 && second < 0x80 && !(first == 0x0D && second == 0x0A)
}

/// The end of the shortest run of bytes from `start` on that ends at a hard boundary or with the text.
@inline(__always)
private func endOfRun(in bytes: [UInt8], from start: Int) -> Int {
  var end = start + 1
  while end < bytes.count, !isHardBoundary(between: bytes[end - 1], and: bytes[end]) { end += 1 }
  return end
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
