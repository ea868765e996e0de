import SequenceText

/// Spelling of a text that a model reads in its own: whether it begins with a byte-order mark, and the kind of its line ends.
///
/// What a command reads as text is read so too: a byte-order mark is dropped, and line ends that the model does not know are
/// read as those that it knows.
struct TextSpelling: Equatable {
  var hasMark = false
  /// Kind of the line ends; nil where they are as the model knows them.
  var lineEnd: LineEnd?

  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let kinds: [LineEnd?] = [nil, .pair, .lineFeed, .carriageReturn]

  init() {}

  init(flags: UInt8) { (hasMark, lineEnd) = (flags & 1 != 0, Self.kinds[Int(flags >> 1) & 3]) }

  /// Three bits: 1 for the mark, and twice the number of the line end.
  var flags: UInt8 { (hasMark ? 1 : 0) | UInt8(Self.kinds.firstIndex(of: lineEnd)!) << 1 }

  /// The spelling of a content, and the content as the model spells it.
  ///
  /// - Returns: the content as it is where the model knows it, where its tokens are bytes, and where nothing else can be restored
  ///   from: line ends of several kinds.
  static func read(_ content: [UInt8], in vocabulary: Vocabulary) -> (spelling: TextSpelling, text: [UInt8]) {
    var (spelling, text) = (TextSpelling(), content)
    guard vocabulary.kind != .byte else { return (spelling, text) }
    if content.starts(with: mark), vocabulary.id(of: mark) == nil {
      spelling.hasMark = true
      text.removeFirst(mark.count)
    }
    guard let own = vocabulary.ownLineEnd else { return (spelling, text) }
    for kind in LineEnd.allCases where vocabulary.replaces(kind) {
      let read = replacing(kind, by: own, in: text)
      if read != text, replacing(own, by: kind, in: read) == text {
        spelling.lineEnd = kind
        return (spelling, read)
      }
    }
    return (spelling, text)
  }

  /// The content that was read as `text`.
  func restored(_ text: [UInt8], in vocabulary: Vocabulary) -> [UInt8] {
    let ends =
      if let lineEnd, let own = vocabulary.ownLineEnd { Self.replacing(own, by: lineEnd, in: text) } else { text }
    return (hasMark ? Self.mark : []) + ends
  }

  /// Every line end of one kind, replaced by another. CR LF is one of its own kind.
  private static func replacing(_ kind: LineEnd, by other: LineEnd, in text: [UInt8]) -> [UInt8] {
    guard text.contains(kind.bytes[0]) else { return text }
    var (replaced, place) = ([UInt8](), 0)
    replaced.reserveCapacity(text.count)
    while place < text.count {
      let isReturn = text[place] == 0x0D
      let isPair = isReturn && place + 1 < text.count && text[place + 1] == 0x0A
      let found: LineEnd? = isPair ? .pair : isReturn ? .carriageReturn : text[place] == 0x0A ? .lineFeed : nil
      if found == kind { replaced += other.bytes } else { replaced += text[place..<place + (isPair ? 2 : 1)] }
      place += isPair ? 2 : 1
    }
    return replaced
  }
}
