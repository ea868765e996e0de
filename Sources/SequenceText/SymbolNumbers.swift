/// Gives the tokens of a text their ids.
protocol SymbolNumbers {
  /// The id of the symbol `bytes[range]`, where `bytes` begin at `offset` in the text, or `SymbolIndex.unknown`.
  mutating func id(of range: Range<Int>, in bytes: [UInt8], at offset: Int) -> Int32
}

/// Numbers symbols in order of appearance.
struct NewSymbols: SymbolNumbers {
  private(set) var symbols: [[UInt8]] = []
  private var index = SymbolIndex()

  @inline(__always)
  mutating func id(of range: Range<Int>, in bytes: [UInt8], at offset: Int) -> Int32 {
    let id = index.id(of: range, in: bytes)
    return id != SymbolIndex.unknown ? id : insert(range, in: bytes)
  }

  private mutating func insert(_ range: Range<Int>, in bytes: [UInt8]) -> Int32 {
    let id = Int32(symbols.count)
    index.insert(range, in: bytes, id: id)
    symbols.append(Array(bytes[range]))
    return id
  }
}

/// Looks symbols up in a vocabulary, and gathers those that it does not have if they are an error.
struct KnownSymbols: SymbolNumbers {
  private let index: SymbolIndex
  private var collector: UnknownSymbols.Collector?

  init(_ vocabulary: Vocabulary, unknown policy: UnknownPolicy) {
    index = vocabulary.index
    collector = policy == .error ? UnknownSymbols.Collector(kind: vocabulary.kind) : nil
  }

  @inline(__always)
  mutating func id(of range: Range<Int>, in bytes: [UInt8], at offset: Int) -> Int32 {
    let id = index.id(of: range, in: bytes)
    if id == SymbolIndex.unknown { collector?.add(range, in: bytes, at: offset) }
    return id
  }

  /// The symbols to complain of.
  var unknown: UnknownSymbols? { collector?.result }
}
