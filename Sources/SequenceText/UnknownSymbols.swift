/// The symbols of a text that a vocabulary does not have.
public struct UnknownSymbols: Sendable, Hashable, CustomStringConvertible {
  public let kind: TokenKind
  /// The first several distinct ones in order of appearance, as displayed.
  public let examples: [String]
  /// How many distinct ones there are.
  public let distinct: Int
  /// How many times any of them stands in the text.
  public let occurrences: Int
  /// Offset of the first one, in bytes from the start of the text.
  public internal(set) var firstOffset: Int

  public var description: String {
    let names = examples.map { "\"\($0)\"" }.joined(separator: ", ") + (distinct > examples.count ? ", …" : "")
    let noun = distinct == 1 ? "\(kind) that the model does not know" : "\(kind)s that the model does not know"
    return "\(distinct) \(noun), \(names) (\(occurrences) in all, the first at byte \(firstOffset))"
  }

  /// Gathers unknown symbols as they are met.
  struct Collector {
    private static let shown = 8
    let kind: TokenKind
    private var seen: Set<[UInt8]> = []
    private var examples: [String] = []
    private var occurrences = 0
    private var firstOffset = 0

    init(kind: TokenKind) { self.kind = kind }

    /// Adds the symbol `bytes[range]`, where `bytes` begin at `offset` in the text.
    mutating func add(_ range: Range<Int>, in bytes: [UInt8], at offset: Int) {
      if occurrences == 0 { firstOffset = offset + range.lowerBound }
      occurrences += 1
      let symbol = Array(bytes[range])
      if seen.insert(symbol).inserted, examples.count < Self.shown { examples.append(displayed(symbol, kind)) }
    }

    var result: UnknownSymbols? {
      guard occurrences > 0 else { return nil }
      return UnknownSymbols(
        kind: kind, examples: examples, distinct: seen.count, occurrences: occurrences, firstOffset: firstOffset)
    }
  }
}
