import TensorCore

/// The ids of the tokens of a text, in order, in the smallest integers that hold them: one byte each for up to 256
/// symbols, two for up to 65,536, else four.
///
/// A value like an array: copies share their memory until one of them is changed. Positions are those of the text, from 0.
public struct TokenSequence: Sendable {
  public private(set) var count = 0
  /// The memory that a token takes: 1, 2 or 4.
  public private(set) var bytesPerToken = 1
  /// `blockSize` tokens each, the last one fewer: growing never moves what is there, and widening and renumbering need
  /// room for one block more, not for a second copy.
  private var blocks: [[UInt8]] = []
  /// Parts of the sequence, where others are with other processes; nil for a whole one.
  private var parts: [Part]?

  /// Tokens that follow each other.
  package struct Part: Sendable {
    /// Position of the first one.
    package let start: Int
    package let tokens: TokenSequence

    package init(start: Int, tokens: TokenSequence) { (self.start, self.tokens) = (start, tokens) }

    package var range: Range<Int> { start..<start + tokens.count }
  }

  private static let blockShift = 16
  package static let blockSize = 1 << blockShift

  public init() {}

  /// Parts of a sequence of `count` tokens; reading any other token traps.
  package init(count: Int, parts: [Part]) {
    self.parts = parts.filter { !$0.tokens.isEmpty }
    self.count = count
    bytesPerToken = parts.map(\.tokens.bytesPerToken).max() ?? 1
  }

  /// Parts that are here: of a whole sequence itself.
  package var presentParts: [Part] { parts ?? (count > 0 ? [Part(start: 0, tokens: self)] : []) }

  /// Whether the token at a position is here.
  package func has(_ position: Int) -> Bool { parts?.contains { $0.range.contains(position) } ?? true }

  /// Whether every token is here.
  package var isWhole: Bool { parts == nil }

  /// The sequence of `ids`. Traps on a negative one.
  public init(_ ids: some Sequence<Int32>) { append(contentsOf: Array(ids)) }

  /// Adds tokens at the end. Traps on a negative id.
  /// - Complexity: O(`ids.count`); O(`count`) where the ids are the first that need wider integers.
  public mutating func append(contentsOf ids: [Int32]) {
    requireWhole()
    let width = Self.width(for: ids)
    if width > bytesPerToken { widen(to: width) }
    var start = 0
    while start < ids.count {
      let free = Self.blockSize - count % Self.blockSize
      if free == Self.blockSize { blocks.append([]) }
      let part = ids[start..<Swift.min(start + free, ids.count)]
      blocks[blocks.count - 1].reserveCapacity(Self.blockSize * bytesPerToken)
      blocks[blocks.count - 1] += NarrowIntegers.encode(part, width: bytesPerToken)
      count += part.count
      start += part.count
    }
  }

  /// Puts `ids[i]` in the place of each id i. Traps where there is none such.
  mutating func renumber(_ ids: [Int32]) {
    requireWhole()
    if Self.width(for: ids) > bytesPerToken { widen(to: Self.width(for: ids)) }
    for block in blocks.indices {
      let renumbered = NarrowIntegers.decode(blocks[block], width: bytesPerToken).map { ids[Int($0)] }
      blocks[block] = NarrowIntegers.encode(renumbered[...], width: bytesPerToken)
    }
  }

  private mutating func widen(to width: Int) {
    for block in blocks.indices {
      let ids = NarrowIntegers.decode(blocks[block], width: bytesPerToken)
      blocks[block] = NarrowIntegers.encode(ids[...], width: width)
    }
    bytesPerToken = width
  }

  /// Calls `body` with the ids, as many at a time as have their memory in one piece: much faster than one after the other.
  package func forEachBlock(_ body: ([Int32]) -> Void) {
    requireWhole()
    for block in blocks { body(NarrowIntegers.decode(block, width: bytesPerToken)) }
  }

  private func requireWhole() { require(isWhole, "TokenSequence: only a part of \(count) tokens is here") }

  private static func width(for ids: [Int32]) -> Int {
    let bits = ids.reduce(0) { $0 | $1 }
    require(bits >= 0, "TokenSequence: a negative id")
    return bits <= UInt8.max ? 1 : bits <= UInt16.max ? 2 : 4
  }
}

extension TokenSequence: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  /// The id of the token at `position`. Traps outside the text.
  public subscript(position: Int) -> Int32 {
    require(position >= 0 && position < count, "TokenSequence: no token \(position) among \(count)")
    if let parts { return token(at: position, of: parts) }
    let block = position >> Self.blockShift
    let place = (position & (Self.blockSize - 1)) * bytesPerToken
    switch bytesPerToken {
    case 1: return Int32(blocks[block][place])
    case 2: return Int32(blocks[block][place]) | Int32(blocks[block][place + 1]) << 8
    default: return (0..<4).reduce(0) { $0 | Int32(blocks[block][place + $1]) << Int32(8 * $1) }
    }
  }
}

extension TokenSequence {
  private func token(at position: Int, of parts: [Part]) -> Int32 {
    guard let part = parts.first(where: { $0.range.contains(position) }) else {
      programmingError("TokenSequence: token \(position) of \(count) is with another process")
    }
    return part.tokens[position - part.start]
  }
}

extension TokenSequence: ExpressibleByArrayLiteral {
  public init(arrayLiteral ids: Int32...) { self.init(ids) }
}

extension TokenSequence: Equatable {
  /// Whether the ids are the same, whatever memory they take.
  public static func == (a: Self, b: Self) -> Bool { a.count == b.count && a.elementsEqual(b) }
}
