import TensorCore

/// The tokens of a vocabulary that may follow, so that what is generated is valid UTF-8.
///
/// It looks ahead: a token is allowed only where tokens of this vocabulary can bring the character that it begins or
/// continues to its end. A generator that keeps to the mask therefore never runs into a dead end.
public struct UTF8TokenMask: Sendable {
  private let masks: [[Bool]]

  /// The masks of `vocabulary`, whose tokens must spell bytes; nil where they cannot spell any character at all.
  public init?(_ vocabulary: Vocabulary) {
    guard vocabulary.kind.spellsBytes else {
      programmingError("UTF8TokenMask: a vocabulary of \(vocabulary.kind) tokens")
    }
    let symbols = vocabulary.symbols
    // The state after a symbol that follows each state; nil where it cannot follow.
    let next = UTF8Constraint.State.allCases.map { state in symbols.map { state.next($0) } }
    // States from which some symbols lead to a boundary.
    var complete: Set<UTF8Constraint.State> = [.boundary]
    var isGrowing = true
    while isGrowing {
      let known = complete
      for state in UTF8Constraint.State.allCases
      where next[state.rawValue].contains(where: { $0.map(known.contains) ?? false }) { complete.insert(state) }
      isGrowing = complete.count > known.count
    }
    masks = next.map { $0.map { $0.map(complete.contains) ?? false } }
    guard allowed(after: UTF8Constraint()).contains(true) else { return nil }
  }

  /// Place after a text: within the character that its last bytes begin, or at a boundary where the vocabulary cannot finish that.
  package func constraint(after text: [UInt8]) -> UTF8Constraint {
    let end = UTF8Constraint(after: text)
    return allowed(after: end).contains(true) ? end : UTF8Constraint()
  }

  /// For each token id, whether it may follow at `constraint`. All are false only where the text so far ends with a
  /// piece of a character that the vocabulary has no tokens to finish, as text from outside may.
  public func allowed(after constraint: UTF8Constraint) -> [Bool] { masks[constraint.state.rawValue] }
}
