/// A deterministic automaton over the bytes of UTF-8, of the texts that match an expression (Thompson, 1968, and the subset
/// construction).
struct ByteAutomaton {
  /// Next state after each byte, at `256 * state + byte`; -1 for none. State 0 is the first.
  private(set) var next: [Int32] = []
  private(set) var accepts: [Bool] = []

  private static let mostStates = 20_000

  /// - Parameter alphabet: scalars that a text can have, in order; a class of the expression stands for those of them that it
  ///   contains.
  init(_ pattern: TextPattern, alphabet: [Unicode.Scalar]) throws(PatternError) {
    let nodes = try NodeAutomaton(pattern, alphabet: alphabet)
    var states: [[Int32]: Int32] = [:]
    var open: [[Int32]] = []
    func state(_ nodes: [Int32]) -> Int32 {
      if let known = states[nodes] { return known }
      let new = Int32(states.count)
      states[nodes] = new
      open.append(nodes)
      return new
    }
    _ = state(nodes.closure(of: [nodes.start]))
    var index = 0
    while index < open.count {
      let current = open[index]
      index += 1
      if index > Self.mostStates { throw .tooLarge }
      accepts.append(current.contains(nodes.end))
      var targets = [[Int32]](repeating: [], count: 256)
      for node in current {
        for edge in nodes.edges[Int(node)] { for byte in edge.bytes { targets[Int(byte)].append(edge.target) } }
      }
      var known: [[Int32]: Int32] = [:]
      for byte in 0..<256 {
        if targets[byte].isEmpty {
          next.append(-1)
        } else if let same = known[targets[byte]] {
          next.append(same)
        } else {
          let new = state(nodes.closure(of: targets[byte]))
          known[targets[byte]] = new
          next.append(new)
        }
      }
    }
  }

  /// State after some bytes; nil where no matching text has them.
  func state(after bytes: [UInt8], from state: Int32) -> Int32? {
    var state = state
    for byte in bytes {
      state = next[256 * Int(state) + Int(byte)]
      if state < 0 { return nil }
    }
    return state
  }
}

/// A nondeterministic automaton with edges of byte ranges, and edges that read nothing.
private struct NodeAutomaton {
  struct Edge {
    let bytes: ClosedRange<UInt8>
    let target: Int32
  }

  private(set) var edges: [[Edge]] = []
  private var free: [[Int32]] = []
  private(set) var (start, end): (Int32, Int32) = (0, 0)
  private let alphabet: [Unicode.Scalar]
  private static let mostNodes = 200_000

  init(_ pattern: TextPattern, alphabet: [Unicode.Scalar]) throws(PatternError) {
    self.alphabet = alphabet
    start = try node()
    end = try add(pattern.root, from: start)
  }

  private mutating func node() throws(PatternError) -> Int32 {
    if edges.count >= Self.mostNodes { throw .tooLarge }
    edges.append([])
    free.append([])
    return Int32(edges.count - 1)
  }

  /// Adds what spells a part of the expression; returns the node where that ends.
  private mutating func add(_ part: PatternNode, from start: Int32) throws(PatternError) -> Int32 {
    switch part {
    case .sequence(let parts):
      var place = start
      for part in parts { place = try add(part, from: place) }
      return place
    case .choice(let parts):
      let end = try node()
      for part in parts {
        let begin = try node()
        free[Int(start)].append(begin)
        free[Int(try add(part, from: begin))].append(end)
      }
      return end
    case .repeated(let part, let least, let most):
      var place = start
      for _ in 0..<least { place = try add(part, from: place) }
      guard let most else {
        let loop = try node()
        free[Int(place)].append(loop)
        let begin = try node()
        free[Int(loop)].append(begin)
        free[Int(try add(part, from: begin))].append(loop)
        // Nothing that follows may lead back into the loop.
        let end = try node()
        free[Int(loop)].append(end)
        return end
      }
      let end = try node()
      for _ in least..<most {
        free[Int(place)].append(end)
        place = try add(part, from: place)
      }
      free[Int(place)].append(end)
      return end
    case .scalar(let scalarClass):
      let end = try node()
      for range in ranges(scalarClass) {
        for sequence in utf8Ranges(of: range) {
          var place = start
          for bytes in sequence.dropLast() {
            let between = try node()
            edges[Int(place)].append(Edge(bytes: bytes, target: between))
            place = between
          }
          edges[Int(place)].append(Edge(bytes: sequence.last!, target: end))
        }
      }
      return end
    }
  }

  /// Scalars of the alphabet in a class, as ranges.
  private func ranges(_ scalarClass: ScalarClass) -> [ClosedRange<UInt32>] {
    var ranges: [ClosedRange<UInt32>] = []
    for scalar in alphabet where scalarClass.contains(scalar) {
      if let last = ranges.last, last.upperBound + 1 == scalar.value {
        ranges[ranges.count - 1] = last.lowerBound...scalar.value
      } else {
        ranges.append(scalar.value...scalar.value)
      }
    }
    return ranges
  }

  /// Nodes that are reached without reading, in order.
  func closure(of nodes: [Int32]) -> [Int32] {
    var (reached, open) = (Set(nodes), nodes)
    while let node = open.popLast() {
      for target in free[Int(node)] where reached.insert(target).inserted { open.append(target) }
    }
    // Others neither read a byte nor end a text.
    return reached.filter { !edges[Int($0)].isEmpty || $0 == end }.sorted()
  }
}
