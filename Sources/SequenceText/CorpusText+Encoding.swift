extension CorpusText {
  /// A text as ids.
  struct Encoding {
    var tokens = TokenSequence()
    /// How many tokens have no id.
    var skipped = 0
    /// The Swift Characters of the text, those of skipped tokens too.
    var characterCount = 0
    /// Position of the first token that begins in each file, or after it.
    var fileStarts: [Int] = []
    /// Offset of the file whose first token is awaited; `.max` where none is.
    private var nextFile = Int.max
    /// The ids of the tokens that are not in `tokens` yet.
    private var ids: [Int32] = []

    @inline(__always)
    mutating func append(_ id: Int32) {
      if id >= 0 { ids.append(id) } else if id == SymbolIndex.unknown { skipped += 1 }
    }

    /// Notes that a token begins at an offset of the text, of whose files `offsets` are known.
    @inline(__always)
    mutating func begin(at offset: Int, _ offsets: [Int]) { if offset >= nextFile { beginFiles(at: offset, offsets) } }

    /// Notes the files that begin up to an offset of the text.
    mutating func beginFiles(at offset: Int, _ offsets: [Int]) {
      while fileStarts.count < offsets.count, offsets[fileStarts.count] <= offset {
        fileStarts.append(tokens.count + ids.count)
      }
      nextFile = fileStarts.count < offsets.count ? offsets[fileStarts.count] : .max
    }

    /// Adds the ids of a piece of the text, and the symbols that were found before it was cut.
    @inline(__always)
    mutating func append(_ range: Range<Int>, of bytes: [UInt8], by numbers: inout some PieceNumbers) {
      numbers.append(range, of: bytes, to: &ids)
    }

    mutating func flush() {
      tokens.append(contentsOf: ids)
      ids.removeAll(keepingCapacity: true)
    }
  }

  /// Reads the text to its end. Tokens to which `numbers` gives no id are left out.
  mutating func encode(by numbers: inout some SymbolNumbers) throws(CorpusError) -> Encoding {
    var encoding = Encoding()
    var segmenter = Segmenter(kind)
    var characters = CharacterCounter()
    var chunk: [UInt8]?
    repeat {
      chunk = try next()
      let offsets = offsets
      encoding.beginFiles(at: -1, offsets)
      segmenter.append(
        chunk ?? [], isEnd: chunk == nil,
        singles: { range, bytes, offset in
          for place in range {
            encoding.begin(at: offset + place, offsets)
            encoding.append(numbers.id(of: place..<place + 1, in: bytes, at: offset))
          }
        },
        sequence: { range, bytes, offset in
          encoding.begin(at: offset + range.lowerBound, offsets)
          encoding.append(numbers.id(of: range, in: bytes, at: offset))
        })
      if kind != .character { characters.append(chunk ?? []) }
      encoding.flush()
    } while chunk != nil
    encoding.beginFiles(at: .max, offsets)
    encoding.characterCount = kind == .character ? encoding.tokens.count + encoding.skipped : characters.count
    return encoding
  }

  /// Reads the text to its end, as words or subwords. No piece spans two files.
  ///
  /// - Parameters:
  ///   - added: symbols that are found before the text is cut; nil for none.
  ///   - check: called now and then, so that it stops what takes too much memory.
  mutating func encodePieces<Numbers: PieceNumbers>(
    by numbers: inout Numbers, added: AddedSymbols?, check: (Numbers) throws(CorpusError) -> Void = { _ in }
  ) throws(CorpusError) -> Encoding {
    var encoding = Encoding()
    var segmenter = Segmenter(kind)
    var characters = CharacterCounter()
    func take(_ chunk: [UInt8], isEnd: Bool) {
      segmenter.append(chunk, isEnd: isEnd) { bytes, _ in
        guard let added else {
          return TextPieceRule.forEachPiece(in: bytes, 0..<bytes.count, isEnd: isEnd) {
            encoding.append($0, of: bytes, by: &numbers)
          }
        }
        return added.forEachPiece(
          in: bytes, isEnd: isEnd, piece: { encoding.append($0, of: bytes, by: &numbers) },
          added: { encoding.append($0) })
      }
      encoding.flush()
    }
    while true {
      let files = offsets.count
      let chunk = try next()
      if chunk == nil || offsets.count > files { take([], isEnd: true) }
      try check(numbers)
      encoding.beginFiles(at: .max, offsets)
      guard let chunk else { break }
      take(chunk, isEnd: false)
      characters.append(chunk)
    }
    encoding.characterCount = characters.count
    return encoding
  }
}
