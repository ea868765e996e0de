/// Kinds of line end, in the order in which a vocabulary's own is chosen.
package enum LineEnd: CaseIterable, Sendable {
  case lineFeed, pair, carriageReturn

  package var bytes: [UInt8] {
    switch self {
    case .lineFeed: [0x0A]
    case .pair: [0x0D, 0x0A]
    case .carriageReturn: [0x0D]
    }
  }

  /// Name in messages.
  var name: String {
    switch self {
    case .lineFeed: "LF"
    case .pair: "CR LF"
    case .carriageReturn: "CR"
    }
  }
}

extension Vocabulary {
  /// The id of the symbol that ends a line: LF, else CR LF, else CR; nil where the vocabulary has none of them.
  public var lineEnd: Int32? { LineEnd.allCases.lazy.compactMap { id(of: $0.bytes) }.first }

  /// Whether the vocabulary spells a line end. But for characters CR LF may take two symbols.
  func spells(_ end: LineEnd) -> Bool {
    kind == .character ? id(of: end.bytes) != nil : end.bytes.allSatisfy { id(of: [$0]) != nil }
  }

  /// Whether a line end is read as the vocabulary's own, because it is of a kind that the vocabulary does not have. Tokens
  /// that spell bytes are read as they are.
  package func replaces(_ end: LineEnd) -> Bool { !kind.spellsBytes && lineEnd != nil && !spells(end) }

  /// The kind of line end that others are read as.
  package var ownLineEnd: LineEnd? { LineEnd.allCases.first { id(of: $0.bytes) != nil } }
}

extension Corpus {
  /// How many line ends each symbol holds, where lines end with LF; with CR in a text without any LF.
  package var lineEndsOfSymbols: [Int] {
    let symbols = vocabulary.symbols
    let feeds = symbols.map { symbol in symbol.count { $0 == 0x0A } }
    return tokens.contains { feeds[Int($0)] > 0 } ? feeds : symbols.map { symbol in symbol.count { $0 == 0x0D } }
  }
}

/// Counter of the line ends of each kind in bytes that come one after the other.
package struct LineEndCounter {
  package private(set) var lineFeeds = 0
  package private(set) var pairs = 0
  package private(set) var returns = 0
  /// Whether the last byte was CR, which counts as a line end by itself until an LF follows.
  private var isAfterReturn = false

  package init() {}

  package var count: Int { lineFeeds + pairs + returns }

  package mutating func append(_ bytes: [UInt8]) {
    for byte in bytes {
      switch byte {
      case 0x0A where isAfterReturn:
        returns -= 1
        pairs += 1
      case 0x0A: lineFeeds += 1
      case 0x0D: returns += 1
      default: break
      }
      isAfterReturn = byte == 0x0D
    }
  }
}

/// Reading of line ends that a vocabulary does not have, token by token, as its own.
struct LineEndReading {
  private let own: Int32
  private let kind: TokenKind
  /// Offset after the last CR. In scalars, an LF there belongs to the line end that the CR began.
  private var endOfReturn = -1
  /// How many line ends were read as another kind.
  private(set) var count = 0

  /// Nil where the vocabulary takes every line end as it is.
  init?(_ vocabulary: Vocabulary) {
    guard let own = vocabulary.lineEnd, LineEnd.allCases.contains(where: vocabulary.replaces) else { return nil }
    (self.own, kind) = (own, vocabulary.kind)
  }

  /// The id of a token that begins with CR or LF at `offset` of the text, and has `id` in the vocabulary.
  mutating func id(of token: ArraySlice<UInt8>, at offset: Int, known id: Int32) -> Int32 {
    if kind == .scalar {
      // The vocabulary has one of CR and LF: a pair is one line end, whichever that is.
      if token.first == 0x0D {
        endOfReturn = offset + 1
      } else if offset == endOfReturn {
        if id == SymbolIndex.unknown { count += 1 }
        return SymbolIndex.none
      }
    }
    guard id == SymbolIndex.unknown else { return id }
    count += 1
    return own
  }
}
