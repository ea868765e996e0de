/// Gives the tokens of a text their ids.
protocol SymbolNumbers {
  /// The id of the symbol `bytes[range]`, where `bytes` begin at `offset` in the text; `SymbolIndex.unknown` or `.none`
  /// where there is none.
  mutating func id(of range: Range<Int>, in bytes: [UInt8], at offset: Int) -> Int32
}

/// Gives the pieces of a text, as `TextPieceRule` cuts it, their ids, of which each has one or more.
package protocol PieceNumbers {
  /// Adds the ids of the piece `bytes[range]`.
  mutating func append(_ range: Range<Int>, of bytes: [UInt8], to ids: inout [Int32])
}

/// Numbers symbols, or pieces, in order of appearance.
struct NewSymbols: SymbolNumbers, PieceNumbers {
  private(set) var symbols: [[UInt8]] = []
  /// Bytes of the symbols together.
  private(set) var size = 0
  private var index = SymbolIndex()

  @inline(__always)
  mutating func id(of range: Range<Int>, in bytes: [UInt8], at offset: Int) -> Int32 {
    let id = index.id(of: range, in: bytes)
    return id != SymbolIndex.unknown ? id : insert(range, in: bytes)
  }

  @inline(__always)
  package mutating func append(_ range: Range<Int>, of bytes: [UInt8], to ids: inout [Int32]) {
    ids.append(id(of: range, in: bytes, at: 0))
  }

  private mutating func insert(_ range: Range<Int>, in bytes: [UInt8]) -> Int32 {
    let id = Int32(symbols.count)
    index.insert(range, in: bytes, id: id)
    symbols.append(Array(bytes[range]))
    size += range.count
    return id
  }
}

/// Looks symbols up in a vocabulary, and gathers those that it does not have if they are an error. Line ends of a kind that
/// it does not have are read as its own.
struct KnownSymbols: SymbolNumbers {
  private let index: SymbolIndex
  private var collector: UnknownSymbols.Collector?
  private var lineEnds: LineEndReading?

  init(_ vocabulary: Vocabulary, unknown policy: UnknownPolicy) {
    index = vocabulary.index
    collector = policy == .error ? UnknownSymbols.Collector(kind: vocabulary.kind) : nil
    lineEnds = LineEndReading(vocabulary)
  }

  @inline(__always)
  mutating func id(of range: Range<Int>, in bytes: [UInt8], at offset: Int) -> Int32 {
    let id = index.id(of: range, in: bytes)
    let first = bytes[range.lowerBound]
    if first == 0x0A || first == 0x0D, lineEnds != nil {
      return lineEnds!.id(of: bytes[range], at: offset + range.lowerBound, known: id)
    }
    if id == SymbolIndex.unknown { collector?.add(range, in: bytes, at: offset) }
    return id
  }

  /// How many line ends were read as those of the vocabulary.
  var replacedLineEnds: Int { lineEnds?.count ?? 0 }

  /// The symbols to complain of.
  var unknown: UnknownSymbols? { collector?.result }
}
