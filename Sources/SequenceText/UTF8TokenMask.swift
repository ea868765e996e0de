import TensorCore

/// The tokens of a byte vocabulary that may follow, so that what is generated is valid UTF-8.
///
/// It looks ahead: a byte is allowed only where bytes of this vocabulary can bring the character that it begins or
/// continues to its end. A generator that keeps to the mask therefore never runs into a dead end.
public struct UTF8TokenMask: Sendable {
  private let masks: [[Bool]]

  /// The masks of `vocabulary`, which must be of bytes; nil where its bytes cannot spell any character at all.
  public init?(_ vocabulary: Vocabulary) {
    guard vocabulary.kind == .byte else { programmingError("UTF8TokenMask: a vocabulary of \(vocabulary.kind) tokens") }
    let bytes = vocabulary.symbols.map { $0[0] }
    func canComplete(_ state: UTF8Constraint.State) -> Bool {
      state == .boundary || bytes.contains { state.next($0).map(canComplete) ?? false }
    }
    masks = UTF8Constraint.State.allCases.map { state in
      bytes.map { byte in state.next(byte).map(canComplete) ?? false }
    }
    guard allowed(after: UTF8Constraint()).contains(true) else { return nil }
  }

  /// Place after a text: within the character that its last bytes begin, or at a boundary where the vocabulary cannot finish that.
  package func constraint(after text: [UInt8]) -> UTF8Constraint {
    let end = UTF8Constraint(after: text)
    return allowed(after: end).contains(true) ? end : UTF8Constraint()
  }

  /// For each token id, whether it may follow at `constraint`. All are false only where the text so far ends with a
  /// piece of a character that the vocabulary has no bytes to finish, as text from outside may.
  public func allowed(after constraint: UTF8Constraint) -> [Bool] { masks[constraint.state.rawValue] }
}
