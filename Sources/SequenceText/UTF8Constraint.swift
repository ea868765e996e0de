import TensorCore

/// Which bytes can continue a text so that it stays valid UTF-8: the automaton of the Unicode Standard's table 3-7
/// ("Well-Formed UTF-8 Byte Sequences"). Overlong forms, surrogates and values above U+10FFFF have no way through it.
///
/// It is a small value: a copy remembers a place in the text.
public struct UTF8Constraint: Sendable, Hashable {
  enum State: Int, CaseIterable {
    case boundary, lastOne, lastTwo, lastThree, afterE0, afterED, afterF0, afterF4

    func next(_ byte: UInt8) -> State? {
      switch (self, byte) {
      case (.boundary, 0x00...0x7F), (.lastOne, 0x80...0xBF): .boundary
      case (.boundary, 0xE0): .afterE0
      case (.boundary, 0xED): .afterED
      case (.boundary, 0xF0): .afterF0
      case (.boundary, 0xF4): .afterF4
      case (.boundary, 0xC2...0xDF): .lastOne
      case (.boundary, 0xE1...0xEF): .lastTwo
      case (.boundary, 0xF1...0xF3): .lastThree
      case (.lastTwo, 0x80...0xBF), (.afterE0, 0xA0...0xBF), (.afterED, 0x80...0x9F): .lastOne
      case (.lastThree, 0x80...0xBF), (.afterF0, 0x90...0xBF), (.afterF4, 0x80...0x8F): .lastTwo
      default: nil
      }
    }

    /// The state after some bytes; nil where they cannot follow.
    func next(_ bytes: [UInt8]) -> State? {
      var state = self
      for byte in bytes {
        guard let next = state.next(byte) else { return nil }
        state = next
      }
      return state
    }
  }

  private(set) var state = State.boundary

  /// The constraint at the start of a text: a boundary.
  public init() {}

  /// The constraint after `bytes`. An ill-formed sequence in them is passed over as a decoder with repair passes over
  /// it: the byte that breaks it is tried as the beginning of the next one.
  public init(after bytes: some Sequence<UInt8>) {
    for byte in bytes where !append(byte) {
      state = .boundary
      append(byte)
    }
  }

  /// Whether the bytes so far end with a whole Unicode scalar (or are none).
  public var isAtBoundary: Bool { state == .boundary }

  /// Whether the bytes so far, followed by `byte`, can be the beginning of valid UTF-8.
  public func allows(_ byte: UInt8) -> Bool { state.next(byte) != nil }

  /// Takes `byte` as the next one where it is allowed; otherwise returns false and stays as it was.
  @discardableResult
  public mutating func append(_ byte: UInt8) -> Bool {
    guard let next = state.next(byte) else { return false }
    state = next
    return true
  }
}

/// The byte offset of the first ill-formed sequence (of its first byte) in `bytes`, or nil where they are valid UTF-8.
/// A sequence cut off by the end of `bytes` is ill-formed.
func firstInvalidUTF8Offset(in bytes: [UInt8]) -> Int? {
  var validator = UTF8Validator()
  return validator.append(bytes) ?? validator.unfinished
}

/// How many bytes at the end of `bytes` are the beginning of a scalar, which later ones may complete: at most three.
package func incompleteTail(of bytes: [UInt8]) -> Int {
  let end = bytes.suffix(3)
  guard !UTF8Constraint(after: end).isAtBoundary, let lead = end.lastIndex(where: { $0 >= 0xC0 }) else { return 0 }
  return bytes.count - lead
}

/// Looks for the first ill-formed sequence of a text that comes in pieces.
struct UTF8Validator {
  private var constraint = UTF8Constraint()
  private var sequenceStart = 0
  private var count = 0

  /// Takes the next piece; the offset of the ill-formed sequence that it shows, in bytes from the start of the text, or
  /// nil where the text can still be valid. There is no use in going on after an ill-formed sequence.
  mutating func append(_ bytes: [UInt8]) -> Int? {
    var index = 0
    while index < bytes.count {
      if constraint.isAtBoundary {
        if isPlain(bytes[index]) {
          index = endOfPlainText(in: bytes, from: index)
          continue
        }
        sequenceStart = count + index
      }
      if !constraint.append(bytes[index]) { return sequenceStart }
      index += 1
    }
    count += bytes.count
    return nil
  }

  /// Offset of the sequence that the text so far leaves unfinished; nil without one.
  var unfinished: Int? { constraint.isAtBoundary ? nil : sequenceStart }
}
