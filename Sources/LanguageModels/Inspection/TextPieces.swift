import SequenceText

/// A text cut into what a reader sees: pieces of one or more tokens, and lines of pieces.
///
/// A piece is one token; tokens that spell one Unicode scalar together form one piece, and a byte of no scalar is one by itself. A
/// line ends with LF, CR LF or CR; one that stands within a piece ends it after the piece.
public struct TextPieces: Sendable {
  /// Positions of the tokens of each piece, in the text that was cut.
  public let tokens: [Range<Int>]
  /// Content of each piece; of tokens that spell bytes perhaps not valid UTF-8.
  public let bytes: [[UInt8]]
  /// Pieces of each line, its end among them. Lines that end within one piece stand together.
  public let lines: [Range<Int>]
  /// Number of each of them, that of the first where several stand together, from 1.
  public let lineNumbers: [Int]

  /// Pieces at which documents begin; none where the text is one.
  let documentStarts: Set<Int>

  /// - Parameters:
  ///   - range: positions of the tokens that the text is made of.
  ///   - documentStarts: positions of the first tokens of documents.
  init(_ tokens: TokenSequence, in range: Range<Int>, documentStarts: [Int], vocabulary: Vocabulary) {
    var (ranges, contents) = ([Range<Int>](), [[UInt8]]())
    var start = range.lowerBound
    while start < range.upperBound {
      var (content, end) = (vocabulary[tokens[start]], start + 1)
      if vocabulary.kind.spellsBytes {
        let (scalar, length) = Self.scalar(tokens, from: start, to: range.upperBound, vocabulary)
        (content, end) = (scalar, start + length)
      }
      ranges.append(start..<end)
      contents.append(content)
      start = end
    }
    (self.tokens, bytes, lines) = (ranges, contents, Self.lines(of: contents))
    var ends = LineEndCounter()
    lineNumbers = lines.map { line in
      defer { for piece in line { ends.append(contents[piece]) } }
      return ends.count + 1
    }
    let starts = Set(documentStarts)
    self.documentStarts = Set(ranges.indices.filter { starts.contains(ranges[$0].lowerBound) })
  }

  /// Whether a piece of a line is its end, or a part of it.
  func isEnd(_ piece: Int, ofLine line: Range<Int>) -> Bool {
    piece >= line.upperBound - 2 && (piece == line.upperBound - 1 || bytes[piece] == [0x0D])
      && Self.hasLineEnd(bytes[piece])
  }

  /// Content of some pieces as text; U+FFFD stands for what is not valid UTF-8.
  public func text(_ pieces: Range<Int>) -> String { String(decoding: bytes[pieces].joined(), as: UTF8.self) }

  /// Most tokens of a piece. The rest of a scalar takes at most three tokens, the last of which may end inside another scalar.
  private static let mostJoined = 8

  /// Bytes of a token, joined with the tokens after it until none ends inside a scalar; of the token alone where that is impossible.
  private static func scalar(
    _ tokens: TokenSequence, from start: Int, to limit: Int, _ vocabulary: Vocabulary
  ) -> (bytes: [UInt8], count: Int) {
    let first = vocabulary[tokens[start]]
    var (bytes, count) = (first, 1)
    while incompleteTail(of: bytes) > 0, start + count < limit, count < mostJoined {
      bytes += vocabulary[tokens[start + count]]
      count += 1
    }
    let isWhole =
      count == 1
      || String(validating: bytes.suffix(bytes.count - first.count + incompleteTail(of: first)), as: UTF8.self) != nil
    return isWhole ? (bytes, count) : (first, 1)
  }

  private static func hasLineEnd(_ content: [UInt8]) -> Bool { content.contains { $0 == 0x0A || $0 == 0x0D } }

  private static func lines(of contents: [[UInt8]]) -> [Range<Int>] {
    var (lines, start) = ([Range<Int>](), 0)
    for (index, content) in contents.enumerated() {
      let isPair = content == [0x0D] && index + 1 < contents.count && contents[index + 1] == [0x0A]
      guard hasLineEnd(content), !isPair else { continue }
      lines.append(start..<index + 1)
      start = index + 1
    }
    return start < contents.count ? lines + [start..<contents.count] : lines
  }
}
