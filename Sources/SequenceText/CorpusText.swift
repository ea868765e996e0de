import TensorCore

/// The bytes of one or more texts, one after the other without a separator, as they are used: without byte-order marks,
/// where tokens do not spell bytes. They are read in chunks, and never all in memory.
struct CorpusText {
  let kind: TokenKind
  /// The bytes read so far.
  private(set) var byteCount = 0
  /// The hash of the bytes read so far.
  var hash = ContentHash()
  private var markNotices: [String] = []
  private var lineEnds = LineEndFinder()
  private var validator = UTF8Validator()
  /// Offset of the bytes of each file in the text, and the number of bytes of the file before them.
  private var starts: [(name: String, offset: Int, dropped: Int)] = []
  /// The file that is being read, and those that come after it.
  private var source: TextSource?
  private var waiting: ArraySlice<TextSource.Place>
  private let chunkSize: Int

  static let usualChunkSize = 1 << 18

  /// The text of `places`, read `chunkSize` bytes at a time (a few more at the start of a file).
  init(_ places: [TextSource.Place], kind: TokenKind, chunkSize: Int) {
    require(!places.isEmpty && chunkSize > 0, "Corpus: no files, or chunks of \(chunkSize) bytes")
    self.kind = kind
    self.chunkSize = chunkSize
    waiting = places[...]
  }

  /// Reads and validates the next chunk; nil at the end of the text. A character may begin in one chunk and end in the
  /// next, and so may one begin in one file and end in another.
  mutating func next() throws(CorpusError) -> [UInt8]? {
    var chunk = try source?.next(chunkSize) ?? []
    let beginsFile = chunk.isEmpty
    if beginsFile {
      guard let place = waiting.popFirst() else {
        if !kind.spellsBytes { try requireValid(validator.unfinished) }
        lineEnds.finish()
        return nil
      }
      chunk = try begin(place)
    }
    if !kind.spellsBytes { try requireValid(validator.append(chunk)) }
    lineEnds.append(chunk, beginsFile: beginsFile)
    hash.update(chunk)
    byteCount += chunk.count
    return chunk
  }

  /// Notices for the user about the text, once it is read to its end.
  ///
  /// - Parameter vocabulary: the vocabulary that the text was read in; nil where it made its own.
  func notices(_ vocabulary: Vocabulary?) -> [String] {
    var notices = markNotices
    for end in [LineEnd.pair, .carriageReturn, .lineFeed] {
      let isReplaced = vocabulary?.replaces(end) ?? false
      // A line feed is usual, and so is a carriage return within a line.
      let kept = end == .lineFeed ? nil : end == .pair ? lineEnds[.pair] : lineEnds.onlyReturns
      let isKnown = isReplaced || vocabulary?.spells(end) ?? true
      guard isKnown, let first = isReplaced ? lineEnds[end] : kept else { continue }
      let reading =
        isReplaced
        ? ", which the model does not know; they are read as \(vocabulary?.ownLineEnd?.name ?? "")"
        : "; they are kept as they are"
      notices.append("\(locate(first).file): lines end in \(end.name)\(reading)")
    }
    return notices
  }

  /// Offset of each file in the text.
  var offsets: [Int] { starts.map(\.offset) }

  /// The file that the byte at `offset` of the text is from, and its offset in that file.
  func locate(_ offset: Int) -> (file: String, offset: Int) {
    let start = starts.last { $0.offset <= offset }!
    return (start.name, offset - start.offset + start.dropped)
  }

  /// Opens a file and returns its first chunk, which is not empty.
  private mutating func begin(_ place: TextSource.Place) throws(CorpusError) -> [UInt8] {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var source = try TextSource(place)
    var chunk = try source.next(max(chunkSize, mark.count + 1))
    let dropped = !kind.spellsBytes && place.start == 0 && chunk.starts(with: mark) ? mark.count : 0
    guard chunk.count > dropped else { throw .empty(file: place.name, hasMark: dropped > 0) }
    if dropped > 0 { markNotices.append("\(place.name): the byte-order mark at its start is dropped") }
    chunk.removeFirst(dropped)
    starts.append((place.name, byteCount, place.start + dropped))
    self.source = source
    return chunk
  }

  private func requireValid(_ invalid: Int?) throws(CorpusError) {
    guard let invalid else { return }
    let place = locate(invalid)
    throw .invalidUTF8(file: place.file, offset: place.offset)
  }
}
