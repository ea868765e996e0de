import SequenceModeling

/// The embedded Reber grammar (Reber, 1967; Fahlman, 1991): B, then T or P, a string of the plain grammar, the same T or P
/// again, and E. The first T or P must be remembered over the whole inner string.
package struct ReberGrammar {
  package static let symbols: [Character] = ["B", "T", "P", "S", "X", "V", "E"]

  /// The arcs of each state: an allowed symbol and the next state.
  private let transitions: [[(symbol: Int32, next: Int)]]

  /// The final state.
  var end: Int { transitions.count - 1 }

  package init() {
    let plain: [KeyValuePairs<Character, Int>] = [
      ["B": 1], ["T": 2, "P": 3], ["S": 2, "X": 4], ["T": 3, "V": 5], ["X": 3, "S": 6], ["P": 4, "V": 6], ["E": 7],
    ]
    func arcs(_ states: [KeyValuePairs<Character, Int>], from first: Int = 0) -> [[(symbol: Int32, next: Int)]] {
      states.map { $0.map { (Int32(Self.symbols.firstIndex(of: $0)!), first + $1) } }
    }
    // States 2 to 9 are the plain grammar after T, and 10 to 17 the plain grammar after P, each with its exit arc.
    transitions =
      arcs([["B": 1], ["T": 2, "P": 10]]) + arcs(plain, from: 2) + arcs([["T": 18]])
      + arcs(plain, from: 10) + arcs([["P": 18], ["E": 19], [:]])
  }

  package func allowed(in state: Int) -> Set<Int32> { Set(transitions[state].map(\.symbol)) }

  /// The state after a symbol; nil when the symbol is not allowed.
  package func state(after symbol: Int32, in state: Int) -> Int? {
    transitions[state].first { $0.symbol == symbol }?.next
  }

  /// The states after each symbol of a string, up to the first symbol that is not allowed or the final state.
  package func states(of string: some Sequence<Int32>) -> [Int] {
    var (states, current) = ([Int](), 0)
    for symbol in string {
      guard let next = state(after: symbol, in: current) else { break }
      states.append(next)
      current = next
    }
    return states
  }

  /// Whether a string begins with a complete sentence of the grammar.
  package func allowsBeginning(of text: [Int32]) -> Bool { states(of: text).last == end }

  /// A random string; all arcs of a state are equally likely.
  package func string(using random: inout RandomSource) -> [Int32] {
    var (string, state) = ([Int32](), 0)
    while state != end {
      let arc = transitions[state][random.number(below: transitions[state].count)]
      string.append(arc.symbol)
      state = arc.next
    }
    return string
  }
}
