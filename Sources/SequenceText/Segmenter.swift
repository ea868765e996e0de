/// Cuts a text that comes in chunks into tokens: the same ones, wherever the chunks were cut.
struct Segmenter {
  private let kind: TokenKind
  /// Bytes that are not cut into tokens yet.
  private var waiting: [UInt8] = []
  /// How much has to wait before it is worth a look.
  private var due = 0
  /// Offset of `waiting`, in bytes from the start of the text.
  private var start = 0

  init(_ kind: TokenKind) { self.kind = kind }

  /// Takes the next chunk, and calls one of two functions (see `TokenKind.forEachToken`) for the tokens that are certain
  /// now, with a range, the bytes that the range is of, and the offset of those bytes in the text.
  ///
  /// - Complexity: O(`chunk.count`) in the mean, also where one Character is longer than many chunks.
  @inline(__always)
  mutating func append(
    _ chunk: [UInt8], isEnd: Bool,
    singles: (Range<Int>, [UInt8], Int) -> Void, sequence: (Range<Int>, [UInt8], Int) -> Void
  ) {
    let kind = kind
    append(chunk, isEnd: isEnd) { bytes, offset in
      kind.forEachToken(
        in: bytes, isEnd: isEnd, singles: { singles($0, bytes, offset) }, sequence: { sequence($0, bytes, offset) })
    }
  }

  /// Takes the next chunk, and calls `cut` with the bytes that are not cut yet and their offset in the text. It returns how many of
  /// them it has cut; at the end of a text all. Another text may begin then.
  @inline(__always)
  mutating func append(_ chunk: [UInt8], isEnd: Bool, cut: (_ bytes: [UInt8], _ offset: Int) -> Int) {
    if waiting.isEmpty { waiting = chunk } else { waiting += chunk }
    guard isEnd || waiting.count >= due else { return }
    let (bytes, offset) = (waiting, start)
    let end = cut(bytes, offset)
    waiting = Array(bytes[end...])
    start += end
    due = 2 * waiting.count
  }
}

/// Counts the Swift Characters of bytes that come in chunks and are read as UTF-8, where each ill-formed sequence reads as
/// one U+FFFD.
struct CharacterCounter {
  private var segmenter = Segmenter(.character)
  /// The beginning of a scalar at the end of the last chunk.
  private var tail: [UInt8] = []
  private var certain = 0

  mutating func append(_ chunk: [UInt8]) {
    var bytes = tail.isEmpty ? chunk : tail + chunk
    tail = Array(bytes.suffix(incompleteTail(of: bytes)))
    if !tail.isEmpty { bytes.removeLast(tail.count) }
    certain += Self.count(wellFormed(bytes), isEnd: false, &segmenter)
  }

  /// The number of Characters, were this the end.
  var count: Int {
    var segmenter = segmenter
    return certain + Self.count(wellFormed(tail), isEnd: true, &segmenter)
  }

  private static func count(_ chunk: [UInt8], isEnd: Bool, _ segmenter: inout Segmenter) -> Int {
    var count = 0
    segmenter.append(
      chunk, isEnd: isEnd, singles: { range, _, _ in count += range.count }, sequence: { _, _, _ in count += 1 })
    return count
  }

  private func wellFormed(_ bytes: [UInt8]) -> [UInt8] {
    firstInvalidUTF8Offset(in: bytes) == nil ? bytes : Array(String(decoding: bytes, as: UTF8.self).utf8)
  }
}
