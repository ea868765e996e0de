import TensorCore

/// A regular expression that a whole text is to match.
///
/// Literal characters, `.` (any but a line feed), classes `[a-z]` and `[^a-z]`, `\d` (a digit), `\w` (a letter, mark, digit
/// or `_` of any script), `\s` (white space), their complements `\D`, `\W`, `\S`, the escapes `\n`, `\r`, `\t` and `\` before any
/// punctuation, groups `( )` and `(?: )`, alternatives `|`, and the repetitions `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`. `^` may stand at the
/// beginning and `$` at the end, where they say nothing more.
public struct TextPattern: Sendable {
  /// The expression as it was written.
  public let text: String
  let root: PatternNode

  /// - Throws: where the expression has an error, or asks for more than a regular language (references, lookaround).
  public init(_ text: String) throws(PatternError) {
    self.text = text
    var parser = PatternParser(text)
    root = try parser.parse()
  }
}

/// A regular expression as a tree.
indirect enum PatternNode: Sendable {
  /// One scalar of a class.
  case scalar(ScalarClass)
  case sequence([PatternNode])
  case choice([PatternNode])
  /// Repetitions, without an upper bound where `most` is nil.
  case repeated(PatternNode, least: Int, most: Int?)
}

/// Unicode scalars that a class of an expression stands for.
struct ScalarClass: Sendable {
  enum Part: Sendable {
    case range(ClosedRange<UInt32>)
    /// Scalars with a property, or all others.
    case property(Property, isNegated: Bool)
  }

  enum Property: Sendable {
    case digit, word, space

    func contains(_ scalar: Unicode.Scalar) -> Bool {
      let properties = scalar.properties
      switch self {
      case .digit: return properties.generalCategory == .decimalNumber
      case .space: return properties.isWhitespace
      case .word:
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return properties.isAlphabetic
        }
      }
    }
  }

  var parts: [Part] = []
  var isNegated = false

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let isPart = parts.contains { part in
      switch part {
      case .range(let range): range.contains(scalar.value)
      case .property(let property, let isNegated): property.contains(scalar) != isNegated
      }
    }
    return isPart != isNegated
  }

  static func one(_ scalar: Unicode.Scalar) -> ScalarClass { ScalarClass(parts: [.range(scalar.value...scalar.value)]) }
  static let anyOfLine = ScalarClass(parts: [.range(10...10)], isNegated: true)
}

/// Why no text can be written after a regular expression.
public enum PatternError: Error, Sendable, CustomStringConvertible {
  /// An error in the expression, before its scalar at `offset` (from 0).
  case syntax(String, offset: Int)
  /// More states than a search can hold.
  case tooLarge
  /// No text of the model's symbols matches.
  case impossible
  /// A match needs more tokens than may be written.
  case tooShort(needed: Int, length: Int)

  public var description: String {
    switch self {
    case .syntax(let problem, let offset): "\(problem), at character \(offset + 1)"
    case .tooLarge: "it has too many states; repeat less in it, or with smaller numbers"
    case .impossible: "no text of the model's symbols matches it"
    case .tooShort(let needed, let length):
      "what matches it has at least \(counted(needed, "token")), and \(length) may be written"
    }
  }
}
