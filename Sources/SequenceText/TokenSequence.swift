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

  private static let blockShift = 16
  package static let blockSize = 1 << blockShift

  public init() {}

  /// The sequence of `ids`. Traps on a negative one.
  public init(_ ids: some Sequence<Int32>) { append(contentsOf: Array(ids)) }

  /// Adds tokens at the end. Traps on a negative id.
  /// - Complexity: O(`ids.count`); O(`count`) where the ids are the first that need wider integers.
  public mutating func append(contentsOf ids: [Int32]) {
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
    require(Self.width(for: ids) <= bytesPerToken, "TokenSequence: ids too large for their places")
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
    for block in blocks { body(NarrowIntegers.decode(block, width: bytesPerToken)) }
  }

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
    let block = position >> Self.blockShift
    let place = (position & (Self.blockSize - 1)) * bytesPerToken
    switch bytesPerToken {
    case 1: return Int32(blocks[block][place])
    case 2: return Int32(blocks[block][place]) | Int32(blocks[block][place + 1]) << 8
    default: return (0..<4).reduce(0) { $0 | Int32(blocks[block][place + $1]) << Int32(8 * $1) }
    }
  }
}

extension TokenSequence: ExpressibleByArrayLiteral {
  public init(arrayLiteral ids: Int32...) { self.init(ids) }
}

extension TokenSequence: Equatable {
  /// Whether the ids are the same, whatever memory they take.
  public static func == (a: Self, b: Self) -> Bool { a.count == b.count && a.elementsEqual(b) }
}
