extension CorpusText {
  /// A text as ids.
  struct Encoding {
    var tokens = TokenSequence()
    /// How many tokens have no id.
    var skipped = 0
    /// The Swift Characters of the text, those of skipped tokens too.
    var characterCount = 0
    /// The ids of the tokens that are not in `tokens` yet.
    private var ids: [Int32] = []

    @inline(__always)
    mutating func append(_ id: Int32) {
      if id >= 0 { ids.append(id) } else if id == SymbolIndex.unknown { skipped += 1 }
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
    var piece: [UInt8]?
    repeat {
      piece = try next()
      segmenter.append(
        piece ?? [], isEnd: piece == nil,
        singles: { range, bytes, offset in
          for place in range { encoding.append(numbers.id(of: place..<place + 1, in: bytes, at: offset)) }
        },
        sequence: { range, bytes, offset in encoding.append(numbers.id(of: range, in: bytes, at: offset)) })
      if kind != .character { characters.append(piece ?? []) }
      encoding.flush()
    } while piece != nil
    encoding.characterCount = kind == .character ? encoding.tokens.count + encoding.skipped : characters.count
    return encoding
  }
}
