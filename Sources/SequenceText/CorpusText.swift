import TensorCore

/// The bytes of one or more texts, one after the other without a separator, as they are used: without byte-order marks,
/// where the tokens are not bytes.
struct CorpusText {
  private(set) var bytes: [UInt8] = []
  private(set) var notices: [String] = []
  /// Where the bytes of each file begin, in `bytes`, and how many bytes of the file were dropped before them.
  private var pieces: [(name: String, start: Int, dropped: Int)] = []
  private let kind: TokenKind

  /// Reads and validates `files`. A character may begin in one file and end in the next.
  init(files: [String], kind: TokenKind) throws(CorpusError) {
    guard !files.isEmpty else { programmingError("Corpus: no files") }
    self.kind = kind
    for path in files {
      let file: MappedFile
      do { file = try MappedFile(path) } catch { throw .unreadable(error) }
      try append(file[0..<file.count], name: path)
    }
    try validate()
  }

  /// Validates one text that is in memory; messages call it `name`.
  init(_ text: [UInt8], name: String, kind: TokenKind) throws(CorpusError) {
    self.kind = kind
    try append(text, name: name)
    try validate()
  }

  /// The file that the byte at `offset` in `bytes` is from, and its offset in that file.
  func locate(_ offset: Int) -> (file: String, offset: Int) {
    let piece = pieces.last { $0.start <= offset }!
    return (piece.name, offset - piece.start + piece.dropped)
  }

  private mutating func append(_ text: [UInt8], name: String) throws(CorpusError) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let dropped = kind != .byte && text.starts(with: mark) ? mark.count : 0
    guard text.count > dropped else { throw .empty(file: name) }
    if dropped > 0 { notices.append("\(name): the byte-order mark at its start is dropped") }
    pieces.append((name, bytes.count, dropped))
    bytes += text[dropped...]
  }

  private mutating func validate() throws(CorpusError) {
    if kind != .byte, let offset = firstInvalidUTF8Offset(in: bytes) {
      let place = locate(offset)
      throw .invalidUTF8(file: place.file, offset: place.offset)
    }
    if let offset = zip(bytes, bytes.dropFirst()).enumerated().first(where: { $1 == (0x0D, 0x0A) })?.offset {
      notices.append("\(locate(offset).file): lines end in CR LF; they are kept as they are")
    }
  }
}
