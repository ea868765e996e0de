import TensorCore

/// Positions in `sample` of the longest run of its tokens that stands in `text`, the one that ends first in `text` if there
/// are several; empty where no token does.
///
/// The text is read once through the automaton of all substrings of the sample (Blumer et al., "The smallest automaton
/// recognizing the subwords of a text", 1985).
/// - Complexity: O(`text.count` + `sample.count` · k) with k distinct tokens in the sample.
package func longestCopy(of sample: [Int32], in text: TokenSequence) -> Range<Int> {
  let automaton = SubstringAutomaton(sample)
  var (state, matched, longest) = (0, 0, 0..<0)
  text.forEachBlock { tokens in
    for token in tokens {
      guard let column = automaton.column(of: token) else {
        (state, matched) = (0, 0)
        continue
      }
      var next = automaton.successor(of: state, column)
      while next < 0 && state > 0 {
        state = Int(automaton.link[state])
        matched = Int(automaton.length[state])
        next = automaton.successor(of: state, column)
      }
      // A token of the sample follows the empty string at least.
      state = Int(next)
      matched += 1
      if matched > longest.count { longest = Int(automaton.end[state]) - matched..<Int(automaton.end[state]) }
    }
  }
  return longest
}

/// Automaton whose states are the substrings of a sequence, those with the same ends in it being one state. State 0 is the
/// empty string.
private struct SubstringAutomaton {
  /// For each state the longest suffix of its strings that is another state; −1 for the empty string.
  private(set) var link: [Int32] = [-1]
  /// Length of the longest string of each state.
  private(set) var length: [Int32] = [0]
  /// Position after the first occurrence of each state's strings.
  private(set) var end: [Int32] = [0]
  /// Column of each token in `successors`; −1 for tokens that the sequence lacks.
  private var columns: [Int32]
  private var successors: [Int32]
  private let width: Int

  init(_ sequence: [Int32]) {
    let tokens = Set(sequence).sorted()
    columns = Array(repeating: -1, count: Int(tokens.last ?? -1) + 1)
    for (column, token) in tokens.enumerated() { columns[Int(token)] = Int32(column) }
    width = tokens.count
    successors = Array(repeating: -1, count: width)
    var last = 0
    for (position, token) in sequence.enumerated() {
      last = append(Int(columns[Int(token)]), at: position, after: last)
    }
  }

  @inline(__always)
  func column(of token: Int32) -> Int? {
    guard Int(token) < columns.count, columns[Int(token)] >= 0 else { return nil }
    return Int(columns[Int(token)])
  }

  @inline(__always)
  func successor(of state: Int, _ column: Int) -> Int32 { successors[state * width + column] }

  /// Adds a token; returns the state of the whole sequence so far.
  private mutating func append(_ column: Int, at position: Int, after last: Int) -> Int {
    let whole = addState(length: length[last] + 1, end: Int32(position + 1), link: 0)
    var state = last
    while state >= 0 && successor(of: state, column) < 0 {
      successors[state * width + column] = Int32(whole)
      state = Int(link[state])
    }
    guard state >= 0 else { return whole }
    let next = Int(successor(of: state, column))
    if length[next] == length[state] + 1 {
      link[whole] = Int32(next)
      return whole
    }
    // Strings of `next` that also end here part from the longer ones, which do not.
    let clone = addState(length: length[state] + 1, end: end[next], link: link[next])
    for column in 0..<width { successors[clone * width + column] = successors[next * width + column] }
    while state >= 0 && Int(successor(of: state, column)) == next {
      successors[state * width + column] = Int32(clone)
      state = Int(link[state])
    }
    (link[next], link[whole]) = (Int32(clone), Int32(clone))
    return whole
  }

  private mutating func addState(length: Int32, end: Int32, link: Int32) -> Int {
    self.length.append(length)
    self.end.append(end)
    self.link.append(link)
    successors += repeatElement(-1, count: width)
    return self.length.count - 1
  }
}
