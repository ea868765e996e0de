import ProcessGroups
import TensorCore

extension Corpus {
  /// Whether the ranks of a group can each read a part of such texts: files.
  ///
  /// - Parameter vocabulary: their symbols, where they are not found in them; none that is looked for before the text is cut.
  package static func canBeShared(_ places: [TextSource.Place], vocabulary: Vocabulary? = nil) -> Bool {
    vocabulary?.coding?.addedSymbols == nil
      && places.allSatisfy {
        guard case .file(let path) = $0, let status = try? SystemFiles().status(of: path) else { return false }
        return status.kind == .file && status.size > 0
      }
  }

  /// The `contentHash` of such texts, without their tokens.
  package static func contentHash(of places: [TextSource.Place], kind: TokenKind) throws(CorpusError) -> String {
    var text = CorpusText(places, kind: kind, chunkSize: CorpusText.usualChunkSize)
    while try text.next() != nil {}
    return text.hash.finalize()
  }

  /// The corpus of files, of which each rank of a group reads a part and has the tokens of that part; see `keeping`.
  ///
  /// - Parameters:
  ///   - places: files, as `canBeShared` says.
  ///   - vocabulary: its words or subwords; nil for the symbols of the whole text.
  ///   - symbols: size of a vocabulary of words or subwords that is found; nil for one that suits the text.
  ///   - memory: bytes that finding it may take, about.
  ///   - heldOut: fractions of the text for validation and for a test, which decide who reads what.
  ///   - agree: called with a hash of samples of the text, to be compared by the ranks.
  /// - Throws: `CorpusError`, on the rank that finds it.
  package init(
    sharing places: [TextSource.Place], kind: TokenKind, vocabulary: Vocabulary? = nil, symbols count: Int? = nil,
    memory: Double = .infinity, heldOut: (validation: Double, test: Double), in group: ProcessGroup,
    chunkSize: Int = CorpusText.usualChunkSize, agree: (_ fingerprint: String) -> Void = { _ in }
  ) throws(CorpusError) {
    var shared = try SharedText(places.map(\.name), kind: kind)
    agree(try shared.fingerprint())
    try shared.divide(heldOut: heldOut, in: group)
    let own = shared.parts.indices.filter { shared.parts[$0].rank == group.rank }
    var (numbers, encodings, bytes, notices) = (NewSymbols(), [Int: CorpusText.Encoding](), 0, [String]())
    for part in own where !shared.parts[part].bytes.isEmpty {
      var text = shared.text(shared.parts[part].bytes, chunkSize: chunkSize)
      if let vocabulary {
        encodings[part] = try text.encodeKnown(vocabulary)
      } else if kind.isOfPieces {
        encodings[part] = try text.encodeNewPieces(by: &numbers, memory: memory)
      } else {
        encodings[part] = try text.encode(by: &numbers)
      }
      bytes += text.byteCount
      notices += text.notices(vocabulary)
    }
    let textBytes = Int(group.sums(of: [Double(bytes)])[0])
    let found: Vocabulary
    if let vocabulary {
      found = vocabulary
    } else if kind.isOfPieces {
      var counts = [Int](repeating: 0, count: numbers.symbols.count)
      for encoding in encodings.values {
        for (piece, count) in encoding.counts(of: counts.count).enumerated() { counts[piece] += count }
      }
      found = try Vocabulary.shared(
        pieces: numbers.symbols, counts, kind: kind, count: count ?? Self.usualSymbols(of: kind, bytes: textBytes),
        memory: memory, in: group)
      encodings = encodings.mapValues { $0.spelt(numbers.symbols, in: found) }
    } else {
      found = try Vocabulary.shared(numbers.symbols, kind: kind, in: group)
      let ids = numbers.symbols.map { found.id(of: $0)! }
      for part in own { encodings[part]?.tokens.renumber(ids) }
    }
    let counts = group.sums(of: shared.parts.indices.map { Double(encodings[$0]?.tokens.count ?? 0) }).map { Int($0) }
    let starts = counts.reduce(into: [0]) { $0.append($0.last! + $1) }
    let sums = group.sums(of: [
      Double(encodings.values.reduce(0) { $0 + $1.characterCount }),
      Double(encodings.values.reduce(0) { $0 + $1.skipped }),
    ])
    let parts = own.compactMap { part in
      encodings[part].map { TokenSequence.Part(start: starts[part], tokens: $0.tokens) }
    }
    self.init(
      tokens: TokenSequence(count: starts.last!, parts: parts), skipped: Int(sums[1]), vocabulary: found,
      contentHash: try shared.hash(in: group, chunkSize: chunkSize), byteCount: textBytes,
      characterCount: Int(sums[0]),
      notices: group.allGather(notices.joined(separator: "\n")).flatMap {
        $0.split(separator: "\n").map(String.init)
      }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
  }

  /// The largest part of this corpus that is here, as a corpus: the whole one, as a rule.
  package var presentPart: Corpus {
    if tokens.isWhole { return self }
    return Corpus(
      self, tokens: tokens.presentParts.max { $0.tokens.count < $1.tokens.count }?.tokens ?? TokenSequence())
  }

  /// This corpus with the tokens that each rank needs, got from those that have them.
  ///
  /// - Parameter needs: ranges of each rank.
  package func keeping(_ needs: [[Range<Int>]], in group: ProcessGroup) -> Corpus {
    if tokens.isWhole && group.size == 1 { return self }
    let parts = tokens.presentParts
    // Ranges that each rank has, known to all.
    let all = group.allGather(parts.map { "\($0.range.lowerBound) \($0.range.upperBound)" }.joined(separator: " ")).map
    {
      numbers in
      let ends = numbers.split(separator: " ").map { Int($0)! }
      return stride(from: 0, to: ends.count, by: 2).map { ends[$0]..<ends[$0 + 1] }
    }
    // Ids of one rank's parts may all be small.
    let width = Int(group.allGather([Double(tokens.bytesPerToken)]).map { $0[0] }.max()!)
    var (sends, receives) = ([MessageExchange.Message](), [(start: Int, message: MessageExchange.Message)]())
    for (receiver, ranges) in needs.enumerated() {
      for missing in ranges.flatMap({ $0.without(all[receiver]) }) {
        for (sender, present) in all.enumerated() where sender != receiver {
          for range in present.map({ $0.clamped(to: missing) }) where !range.isEmpty {
            if sender == group.rank {
              let buffer = MessageBuffer(NarrowIntegers.encode(Array(tokens[range])[...], width: width))
              sends.append(.init(receiver, buffer, 0..<buffer.byteCount))
            } else if receiver == group.rank {
              let buffer = MessageBuffer(byteCount: range.count * width)
              receives.append((range.lowerBound, .init(sender, buffer, 0..<buffer.byteCount)))
            }
          }
        }
      }
    }
    group.run(MessageExchange(sends: sends, receives: receives.map(\.message)))
    let new = receives.map { start, message in
      TokenSequence.Part(
        start: start, tokens: TokenSequence(NarrowIntegers.decode(message.buffer.bytes(), width: width)))
    }
    return Corpus(self, tokens: TokenSequence(count: tokens.count, parts: parts + new.sorted { $0.start < $1.start }))
  }
}

extension Range<Int> {
  /// Parts of it that lie in none of some ranges.
  fileprivate func without(_ others: [Range<Int>]) -> [Range<Int>] {
    var (rest, start) = ([Range<Int>](), lowerBound)
    for other in others.sorted(by: { $0.lowerBound < $1.lowerBound }) where other.overlaps(self) {
      if other.lowerBound > start { rest.append(start..<other.lowerBound) }
      start = Swift.max(start, other.upperBound)
    }
    if start < upperBound { rest.append(start..<upperBound) }
    return rest
  }
}

extension CorpusText {
  /// Reads the text to its end in the words or subwords of a vocabulary, which spell any text.
  fileprivate mutating func encodeKnown(_ vocabulary: Vocabulary) throws(CorpusError) -> Encoding {
    var encoder = PieceEncoder(vocabulary)
    return try encodePieces(by: &encoder, added: nil)
  }
}

extension SharedText {
  /// SHA-256 of the whole text: each rank goes on from the part before its own, so that it reads no other.
  fileprivate func hash(in group: ProcessGroup, chunkSize: Int) throws(CorpusError) -> String {
    var snapshot = MessageBuffer(ContentHash().snapshot)
    for (index, part) in parts.enumerated() where part.rank == group.rank {
      let last = index == 0 ? part.rank : parts[index - 1].rank
      if last != part.rank {
        snapshot = MessageBuffer(byteCount: snapshot.byteCount)
        group.run(MessageExchange(sends: [], receives: [.init(last, snapshot, 0..<snapshot.byteCount)]))
      }
      if !part.bytes.isEmpty {
        var text = text(part.bytes, chunkSize: chunkSize)
        text.hash = ContentHash(snapshot: snapshot.bytes())
        while try text.next() != nil {}
        snapshot = MessageBuffer(text.hash.snapshot)
      }
      if index + 1 < parts.count, parts[index + 1].rank != part.rank {
        group.run(
          MessageExchange(sends: [.init(parts[index + 1].rank, snapshot, 0..<snapshot.byteCount)], receives: []))
      }
    }
    let digest = ContentHash(snapshot: snapshot.bytes()).finalize()
    return String(decoding: group.broadcast(Array(digest.utf8), from: parts.last!.rank), as: UTF8.self)
  }
}

extension Vocabulary {
  /// The vocabulary of a text of which each rank has found some symbols.
  ///
  /// - Throws: `CorpusError` where the text has too many, on all ranks.
  fileprivate static func shared(
    _ symbols: [[UInt8]], kind: TokenKind, in group: ProcessGroup
  ) throws(CorpusError) -> Vocabulary {
    let own = symbols.flatMap { LittleEndianBytes.encode([UInt32($0.count)]) + $0 }
    let all = group.gather(own)?.flatMap(Self.symbols) ?? []
    let union = Set(all).sorted { $0.lexicographicallyPrecedes($1) }
    let message = group.broadcast(union.flatMap { LittleEndianBytes.encode([UInt32($0.count)]) + $0 })
    let found = Self.symbols(message)
    guard found.count <= largestCount else {
      throw .vocabularyTooLarge(symbols: found.count, limit: largestCount, kind: kind)
    }
    let bytes = found.reduce(0) { $0 + $1.count }
    guard bytes <= largestSize else { throw .symbolsTooLong(bytes: bytes, limit: largestSize, kind: kind) }
    do { return try Vocabulary(sorted: found, kind: kind) } catch {
      programmingError("Corpus: the symbols of a valid text: \(error)")
    }
  }

  /// The vocabulary that is found in pieces of a text, of which each rank has counted some.
  ///
  /// - Throws: `CorpusError` where they are too many, on rank 0.
  fileprivate static func shared(
    pieces: [[UInt8]], _ counts: [Int], kind: TokenKind, count: Int, memory: Double, in group: ProcessGroup
  ) throws(CorpusError) -> Vocabulary {
    let own = pieces.flatMap { LittleEndianBytes.encode([UInt32($0.count)]) + $0 }
    let allPieces = group.gather(own)?.map(Self.symbols)
    let allCounts: [[Int]]? = group.gather(LittleEndianBytes.encode(counts))?.map { LittleEndianBytes.decode($0) }
    var message: [UInt8] = []
    if let allPieces, let allCounts {
      let limits = PieceLimits(kind, memory: memory)
      var (sums, bytes) = ([[UInt8]: Int](), 0)
      for (pieces, counts) in zip(allPieces, allCounts) {
        for (piece, count) in zip(pieces, counts) {
          if sums[piece] == nil { bytes += piece.count }
          sums[piece, default: 0] += count
        }
        try limits.check(pieces: sums.count, bytes: bytes)
      }
      let order = sums.keys.sorted { $0.lexicographicallyPrecedes($1) }
      let found = VocabularyLearning(pieces: order, counts: order.map { sums[$0]! }).vocabulary(kind, count: count)
      message = Array(found.json.utf8)
    }
    let json = String(decoding: group.broadcast(message), as: UTF8.self)
    do { return try Vocabulary(json: json, kind: kind) } catch {
      programmingError("Corpus: a vocabulary's JSON: \(error)")
    }
  }

  /// Symbols from their lengths and bytes.
  private static func symbols(_ message: [UInt8]) -> [[UInt8]] {
    var (symbols, place) = ([[UInt8]](), 0)
    while place < message.count {
      let count = Int(LittleEndianBytes.decode(Array(message[place..<place + 4]), as: UInt32.self)[0])
      symbols.append(Array(message[place + 4..<place + 4 + count]))
      place += 4 + count
    }
    return symbols
  }
}
