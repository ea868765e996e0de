/// Reads a regular expression by recursive descent: alternatives, sequences, repetitions, atoms.
struct PatternParser {
  private let scalars: [Unicode.Scalar]
  private var offset = 0
  private var depth = 0
  private static let deepest = 200
  /// Largest number of a repetition.
  private static let mostRepeated = 1000

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  mutating func parse() throws(PatternError) -> PatternNode {
    if next == "^" { offset += 1 }
    let node = try alternatives()
    if next == ")" { throw failure("a ) without its (") }
    return node
  }

  private var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

  private func failure(_ problem: String, at place: Int? = nil) -> PatternError {
    .syntax(problem, offset: place ?? offset)
  }

  private mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    offset += 1
    return true
  }

  private mutating func alternatives() throws(PatternError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.deepest { throw failure("groups are nested too deeply") }
    var nodes = [try sequence()]
    while takes("|") { nodes.append(try sequence()) }
    return nodes.count == 1 ? nodes[0] : .choice(nodes)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if scalar == "$" && offset == scalars.count - 1 {
        offset += 1
        break
      }
      nodes.append(try repeated(try atom()))
    }
    return .sequence(nodes)
  }

  private mutating func repeated(_ atom: PatternNode) throws(PatternError) -> PatternNode {
    let start = offset
    let node: PatternNode
    switch next {
    case "*": node = .repeated(atom, least: 0, most: nil)
    case "+": node = .repeated(atom, least: 1, most: nil)
    case "?": node = .repeated(atom, least: 0, most: 1)
    case "{":
      let (least, most) = try bounds()
      node = .repeated(atom, least: least, most: most)
    default: return atom
    }
    if scalars[start] != "{" { offset += 1 }
    // How greedy a repetition is changes nothing in what a whole text may be.
    if next == "?" || next == "+" { offset += 1 }
    if let next, "*+?{".unicodeScalars.contains(next) {
      throw failure("a repetition of a repetition; put ( ) around it")
    }
    return node
  }

  /// Bounds of `{m}`, `{m,}` or `{m,n}`.
  private mutating func bounds() throws(PatternError) -> (least: Int, most: Int?) {
    let start = offset
    offset += 1
    let least = number()
    let hasComma = takes(",")
    let most = hasComma ? number() : least
    guard let least, takes("}"), least <= most ?? least else {
      throw failure("{ is not followed by m}, m,} or m,n}; write \\{ for the character", at: start)
    }
    guard max(least, most ?? least) <= Self.mostRepeated else {
      throw failure("more than \(Self.mostRepeated) repetitions", at: start)
    }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = next.flatMap({ Int(String($0)) }) {
      value = min((value ?? 0) * 10 + digit, 1_000_000)
      offset += 1
    }
    return value
  }

  private mutating func atom() throws(PatternError) -> PatternNode {
    let start = offset
    let scalar = scalars[offset]
    offset += 1
    switch scalar {
    case ".": return .scalar(.anyOfLine)
    case "[": return .scalar(try bracketed())
    case "\\": return .scalar(ScalarClass(parts: [try escape()]))
    case "(":
      if takes("?"), !takes(":") {
        throw failure("(? begins only (?: ) here; what looks ahead or behind is no regular language", at: start)
      }
      let node = try alternatives()
      guard takes(")") else { throw failure("a ( without its )", at: start) }
      return node
    case "*", "+", "?", "{":
      throw failure("nothing before \(scalar) to repeat; write \\\(scalar) for the character", at: start)
    case "^", "$":
      throw failure("the whole text is to match; write \\\(scalar) for the character", at: start)
    default: return .scalar(.one(scalar))
    }
  }

  /// A class after its `[`.
  private mutating func bracketed() throws(PatternError) -> ScalarClass {
    let start = offset - 1
    var scalarClass = ScalarClass(isNegated: takes("^"))
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      let low = try member()
      guard case .range(let first) = low, next == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else {
        scalarClass.parts.append(low)
        continue
      }
      offset += 1
      guard case .range(let last) = try member(), first.lowerBound <= last.upperBound else {
        throw failure("a range that ends before it begins")
      }
      scalarClass.parts.append(.range(first.lowerBound...last.upperBound))
    }
    guard takes("]") else { throw failure("a [ without its ]", at: start) }
    return scalarClass
  }

  private mutating func member() throws(PatternError) -> ScalarClass.Part {
    guard let scalar = next else { throw failure("a [ without its ]") }
    offset += 1
    return scalar == "\\" ? try escape() : .range(scalar.value...scalar.value)
  }

  /// Meaning of what follows a backslash.
  private mutating func escape() throws(PatternError) -> ScalarClass.Part {
    guard let scalar = next else { throw failure("a backslash at the end") }
    offset += 1
    let named: [Unicode.Scalar: UInt32] = ["n": 10, "r": 13, "t": 9]
    if let value = named[scalar] { return .range(value...value) }
    switch scalar {
    case "d": return .property(.digit, isNegated: false)
    case "D": return .property(.digit, isNegated: true)
    case "w": return .property(.word, isNegated: false)
    case "W": return .property(.word, isNegated: true)
    case "s": return .property(.space, isNegated: false)
    case "S": return .property(.space, isNegated: true)
    default:
      if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
        throw failure("\\\(scalar) is not known here", at: offset - 2)
      }
      return .range(scalar.value...scalar.value)
    }
  }
}
