import TensorCore

/// Counts of the tokens that followed each context: a suffix trie in which every node is a context, and its children are the
/// tokens seen after it.
///
/// A token is counted in the longest context in which it was seen before, and in all longer ones, where it is new (update
/// exclusion; Moffat 1990, "Implementing the PPM data compression scheme"). A count in a context shorter than the longest is
/// therefore the number of different longer contexts that the token followed, which is what Kneser and Ney count (1995).
struct ContextTree: Sendable {
  /// A context and, at the same time, its last token as seen after the context without it.
  struct Node: Sendable {
    /// The last token of the context.
    var token: Int32
    /// Number of tokens in the context.
    var length: Int32
    /// How often the last token was counted after the rest of the context.
    var count: UInt32 = 0
    /// Node of the context without its first token; none for the empty context.
    var shorter: Int32
    var firstChild = none
    /// The next token that followed the same context.
    var sibling = none
    /// Sum of the children's counts, and how many of them have a count of 1, of 2, and of 3 or more.
    var total: UInt32 = 0
    var once: UInt32 = 0
    var twice: UInt32 = 0
    var oftener: UInt32 = 0
  }

  static let none: Int32 = -1
  static let root: Int32 = 0

  /// Most tokens in a context.
  let order: Int
  /// Most nodes; when there is no room for those of another token, nothing more is counted. (To count known tokens only would
  /// make the others ever less likely.)
  let capacity: Int
  private(set) var nodes: [Node]
  /// For each length of context, how many children of such contexts have a count of 1, 2, 3 and 4.
  private(set) var countsOfCounts: [SIMD4<Double>]
  /// The context of the next token: the longest known one that the text ends with.
  private(set) var context = root
  /// Child of a node by token: open addressing, with a power of two of places.
  private var table: [Int32]

  init(order: Int, capacity: Int) {
    (self.order, self.capacity) = (order, capacity)
    nodes = [Node(token: Self.none, length: 0, shorter: Self.none)]
    countsOfCounts = [SIMD4<Double>](repeating: .zero, count: order + 1)
    table = [Int32](repeating: Self.none, count: 1 << 10)
  }

  /// Begins a new text: nothing comes before its first token.
  mutating func forgetContext() { context = Self.root }

  /// Moves the context past a token without counting it.
  mutating func read(_ token: Int32) {
    var node = context
    while node != Self.none {
      let next = child(of: node, token: token)
      if next != Self.none {
        context = withinOrder(next)
        return
      }
      node = nodes[Int(node)].shorter
    }
    context = Self.root
  }

  /// Counts a token after its context, and moves the context past it.
  mutating func learn(_ token: Int32) {
    guard nodes.count + order < capacity else { return read(token) }
    var (node, longest, last) = (context, Self.none, Self.none)
    while node != Self.none {
      var found = child(of: node, token: token)
      let isNew = found == Self.none
      if isNew { found = addChild(token, to: node) }
      count(found, of: node)
      if longest == Self.none { longest = found }
      if last != Self.none { nodes[Int(last)].shorter = found }
      last = found
      if !isNew { break }
      node = nodes[Int(node)].shorter
    }
    if node == Self.none { nodes[Int(last)].shorter = Self.root }
    context = withinOrder(longest)
  }

  private func withinOrder(_ node: Int32) -> Int32 { nodes[Int(node)].length > order ? nodes[Int(node)].shorter : node }

  private mutating func count(_ child: Int32, of parent: Int32) {
    let (child, parent) = (Int(child), Int(parent))
    let before = nodes[child].count
    nodes[child].count = before &+ 1
    nodes[parent].total &+= 1
    let length = Int(nodes[parent].length)
    if before > 0 && before <= 4 { countsOfCounts[length][Int(before) - 1] -= 1 }
    if before < 4 { countsOfCounts[length][Int(before)] += 1 }
    switch before {
    case 0: nodes[parent].once &+= 1
    case 1: (nodes[parent].once, nodes[parent].twice) = (nodes[parent].once &- 1, nodes[parent].twice &+ 1)
    case 2: (nodes[parent].twice, nodes[parent].oftener) = (nodes[parent].twice &- 1, nodes[parent].oftener &+ 1)
    default: break
    }
  }

  // MARK: Children

  /// The node of a context followed by a token; none where the token was not seen there.
  func child(of node: Int32, token: Int32) -> Int32 {
    var place = Self.place(of: node, token, in: table.count)
    while true {
      let candidate = table[place]
      if candidate == Self.none { return Self.none }
      let found = nodes[Int(candidate)]
      if found.token == token && parents[Int(candidate)] == node { return candidate }
      place = (place + 1) & (table.count - 1)
    }
  }

  /// Parents of the nodes, apart from what is read when a node is used.
  private var parents: [Int32] = [none]

  private mutating func addChild(_ token: Int32, to parent: Int32) -> Int32 {
    if 2 * nodes.count >= table.count { growTable() }
    let child = Int32(nodes.count)
    nodes.append(
      Node(
        token: token, length: nodes[Int(parent)].length + 1, shorter: Self.none,
        sibling: nodes[Int(parent)].firstChild))
    parents.append(parent)
    nodes[Int(parent)].firstChild = child
    insert(child)
    return child
  }

  private mutating func growTable() {
    table = [Int32](repeating: Self.none, count: 2 * table.count)
    for node in nodes.indices.dropFirst() { insert(Int32(node)) }
  }

  private mutating func insert(_ child: Int32) {
    var place = Self.place(of: parents[Int(child)], nodes[Int(child)].token, in: table.count)
    while table[place] != Self.none { place = (place + 1) & (table.count - 1) }
    table[place] = child
  }

  private static func place(of node: Int32, _ token: Int32, in count: Int) -> Int {
    let key = UInt64(UInt32(bitPattern: node)) << 32 | UInt64(UInt32(bitPattern: token))
    let mixed = (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & (count - 1)
  }
}
