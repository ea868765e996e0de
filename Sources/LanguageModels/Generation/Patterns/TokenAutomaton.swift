import SequenceText

/// Tokens of a vocabulary that may follow, so that a whole text matches an expression.
///
/// Only what can still be brought to an end is allowed: a text that keeps to it never runs into a dead end, and ends within its
/// length.
public struct TokenAutomaton: Sendable {
  private let pattern: TextPattern
  private let vocabulary: Int
  /// Next state after each token, at `vocabulary * state + token`; -1 where no match can follow. State 0 is the first.
  private let next: [Int32]
  /// Fewest tokens from each state to the end of a match.
  private let distances: [Int32]
  /// For each state, whether each token may follow where the length is no bound.
  private let masks: [[Bool]]
  /// The largest distance: with more tokens left, the length is no bound.
  private let farthest: Int

  private static let mostTransitions = 20_000_000

  public init(_ pattern: TextPattern, over vocabulary: Vocabulary) throws(PatternError) {
    self.pattern = pattern
    self.vocabulary = vocabulary.count
    let bytes = try ByteAutomaton(pattern, alphabet: Self.alphabet(of: vocabulary))
    let symbols = vocabulary.symbols.map { Array($0) }
    // States of the bytes that lie between tokens.
    var (states, numbers) = ([Int32(0)], [Int32(0): Int32(0)])
    var (table, sources): ([Int32], [[Int32]]) = ([], [[]])
    var state = 0
    while state < states.count {
      if (state + 1) * symbols.count > Self.mostTransitions { throw .tooLarge }
      for symbol in symbols {
        guard let target = bytes.state(after: symbol, from: states[state]) else {
          table.append(-1)
          continue
        }
        let number = numbers[target] ?? Int32(states.count)
        if number == states.count {
          numbers[target] = number
          states.append(target)
          sources.append([])
        }
        if sources[Int(number)].last != Int32(state) { sources[Int(number)].append(Int32(state)) }
        table.append(number)
      }
      state += 1
    }
    distances = Self.distances(accepts: states.map { bytes.accepts[Int($0)] }, sources)
    for index in table.indices where table[index] >= 0 && distances[Int(table[index])] < 0 { table[index] = -1 }
    next = table
    farthest = Int(distances.max() ?? 0)
    masks = states.indices.map { state in
      table[state * symbols.count..<(state + 1) * symbols.count].map { $0 >= 0 }
    }
    if distances[0] < 0 { throw .impossible }
  }

  /// - Throws: where no match is as short as `length` tokens.
  public func requireLength(_ length: Int) throws(PatternError) {
    if distances[0] > length { throw .tooShort(needed: Int(distances[0]), length: length) }
  }

  /// State after some tokens; nil where no match begins with them.
  package func state(after tokens: [Int32]) -> Int32? {
    var state: Int32 = 0
    for token in tokens where state >= 0 { state = self.state(after: token, from: state) }
    return state < 0 ? nil : state
  }

  /// Whether a text may end in a state.
  package func accepts(_ state: Int32) -> Bool { distances[Int(state)] == 0 }

  /// Whether each token may follow in a state, with so many tokens left, that one included.
  package func allowed(in state: Int32, left: Int) -> [Bool] {
    if left > farthest { return masks[Int(state)] }
    return (0..<vocabulary).map { token in
      let target = next[Int(state) * vocabulary + token]
      return target >= 0 && distances[Int(target)] < left
    }
  }

  /// Whether anything may follow in a state.
  func goesOn(_ state: Int32) -> Bool { masks[Int(state)].contains(true) }

  func state(after token: Int32, from state: Int32) -> Int32 { next[Int(state) * vocabulary + Int(token)] }

  /// Scalars that a text of these symbols can have, in order.
  private static func alphabet(of vocabulary: Vocabulary) -> [Unicode.Scalar] {
    guard vocabulary.kind.spellsBytes else {
      return Set(vocabulary.symbols.flatMap { String(decoding: $0, as: UTF8.self).unicodeScalars }).sorted()
    }
    let bytes = Set(vocabulary.symbols.lazy.filter { $0.count == 1 }.map { $0[0] })
    let last: UInt32 = bytes.contains { $0 >= 0x80 } ? 0x10FFFF : 0x7F
    return (0...last).lazy.compactMap(Unicode.Scalar.init).filter { scalar in
      UTF8.encode(scalar)!.allSatisfy(bytes.contains)
    }
  }

  /// Fewest steps from each state to one that accepts; -1 where there is no way. A breadth-first search backwards.
  private static func distances(accepts: [Bool], _ sources: [[Int32]]) -> [Int32] {
    var distances = accepts.map { $0 ? Int32(0) : -1 }
    var open = accepts.indices.filter { accepts[$0] }.map(Int32.init)
    var index = 0
    while index < open.count {
      let state = open[index]
      index += 1
      for source in sources[Int(state)] where distances[Int(source)] < 0 {
        distances[Int(source)] = distances[Int(state)] + 1
        open.append(source)
      }
    }
    return distances
  }
}
