import SequenceText
import TensorCore

/// Spelling of a text that a model reads in its own: whether it begins with a byte-order mark, and the kind of its line ends.
///
/// Commands read text so, too: a byte-order mark is dropped, and line ends that the model does not know are
/// read as those that it knows.
struct TextSpelling: Equatable {
  var hasMark = false
  /// Kind of the line ends; nil where they are as the model knows them.
  var lineEnd: LineEnd?
  /// Numbers of the line ends that are of the model's own kind nevertheless, from 0, in ascending order.
  var kept: [Int] = []

  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let kinds: [LineEnd?] = [nil, .pair, .lineFeed, .carriageReturn]

  init() {}

  /// - Parameter flags: without the last one.
  init(flags: UInt8) { (hasMark, lineEnd) = (flags & 1 != 0, Self.kinds[Int(flags >> 1) & 3]) }

  /// Four bits: 1 for the mark, twice the number of the line end, and 8 where some line ends are kept.
  var flags: UInt8 { (hasMark ? 1 : 0) | UInt8(Self.kinds.firstIndex(of: lineEnd)!) << 1 | (kept.isEmpty ? 0 : 8) }

  /// The spelling of a content, and the content as the model spells it.
  ///
  /// - Returns: the content as it is where the model knows it, where its tokens spell bytes, and where to say which line ends are kept
  ///   would take more than it saves.
  static func read(_ content: [UInt8], in vocabulary: Vocabulary) -> (spelling: TextSpelling, text: [UInt8]) {
    var (spelling, text) = (TextSpelling(), content)
    guard !vocabulary.kind.spellsBytes else { return (spelling, text) }
    if content.starts(with: mark), vocabulary.id(of: mark) == nil {
      spelling.hasMark = true
      text.removeFirst(mark.count)
    }
    guard let own = vocabulary.ownLineEnd else { return (spelling, text) }
    for kind in LineEnd.allCases where vocabulary.replaces(kind) && text.contains(kind.bytes[0]) {
      var (changed, number, kept, replaced) = (spelling, 0, [Int](), 0)
      let read = Self.mapping(text) { end in
        guard end == kind || end == own else { return nil }
        if end == own { kept.append(number) } else { replaced += 1 }
        number += 1
        return own
      }
      (changed.lineEnd, changed.kept) = (kind, kept)
      // An unknown line end is coded as bytes, with some two bytes more.
      if LEB128.differences(kept).count < 2 * replaced, changed.ends(of: read, own) == text { return (changed, read) }
    }
    return (spelling, text)
  }

  /// The content that was read as `text`.
  func restored(_ text: [UInt8], in vocabulary: Vocabulary) -> [UInt8] {
    (hasMark ? Self.mark : []) + (vocabulary.ownLineEnd.map { ends(of: text, $0) } ?? text)
  }

  /// A text with the line ends that it had.
  private func ends(of text: [UInt8], _ own: LineEnd) -> [UInt8] {
    guard let lineEnd else { return text }
    var (number, waiting) = (0, kept[...])
    return Self.mapping(text) { end in
      guard end == own else { return nil }
      defer { number += 1 }
      if waiting.first == number {
        waiting.removeFirst()
        return nil
      }
      return lineEnd
    }
  }

  /// A text in which line ends are replaced. CR LF is one of its own kind.
  ///
  /// - Parameter replacement: what takes the place of one; nil for itself.
  private static func mapping(_ text: [UInt8], _ replacement: (LineEnd) -> LineEnd?) -> [UInt8] {
    var (mapped, place) = ([UInt8](), 0)
    mapped.reserveCapacity(text.count)
    while place < text.count {
      let isReturn = text[place] == 0x0D
      let isPair = isReturn && place + 1 < text.count && text[place + 1] == 0x0A
      let end: LineEnd? = isPair ? .pair : isReturn ? .carriageReturn : text[place] == 0x0A ? .lineFeed : nil
      let next = place + (isPair ? 2 : 1)
      if let other = end.flatMap(replacement) { mapped += other.bytes } else { mapped += text[place..<next] }
      place = next
    }
    return mapped
  }
}
