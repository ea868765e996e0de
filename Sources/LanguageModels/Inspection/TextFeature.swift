import Foundation

/// Feature of a text with a value at each piece of it, to find the units that follow it.
///
/// A value is that of the place just after a piece, for a unit's value is the one after the piece was read. Each document begins
/// anew.
public enum TextFeature: Sendable, Hashable {
  /// 1 between quotation marks, else 0. “ ” and « » open and close; " does both, until an empty line, and not after a backslash.
  case quotes
  /// How deep within brackets: ( ), [ ] and { }, whatever closes what.
  case brackets
  /// Pieces since the line began.
  case linePosition
  /// Letters since the word began; 0 outside of words.
  case wordPosition
  /// Spaces and tabs that the line began with.
  case indentation
  /// 1 for an upper-case letter, else 0.
  case capitals
  /// 1 for a piece with a part in a match of a regular expression (ICU's, with ^ and $ at lines), else 0.
  case matches(String)

  /// Features that need nothing to be named.
  public static let named: [TextFeature] = [
    .quotes, .brackets, .linePosition, .wordPosition, .indentation, .capitals,
  ]

  /// Name in command lines and tables; of matches the expression.
  public var name: String {
    switch self {
    case .quotes: "quotes"
    case .brackets: "brackets"
    case .linePosition: "line-position"
    case .wordPosition: "word-position"
    case .indentation: "indentation"
    case .capitals: "capitals"
    case .matches(let expression): expression
    }
  }

  /// Values at all pieces of a text.
  ///
  /// - Throws: `TextFeatureError` where the expression is none.
  public func values(of text: TextPieces) throws(TextFeatureError) -> [Double] {
    if case .matches(let expression) = self { return try Self.matches(of: expression, in: text) }
    var (scan, values) = (FeatureScan(), [Double]())
    for line in text.lines {
      for piece in line {
        if text.documentStarts.contains(piece) { scan = FeatureScan() }
        if text.isEnd(piece, ofLine: line) {
          scan.endLine(isEmpty: text.isEnd(line.lowerBound, ofLine: line))
          // A token of words or subwords may begin the next line.
          let rest = text.bytes[piece].reversed().prefix { $0 != 0x0A && $0 != 0x0D }.reversed()
          if !rest.isEmpty { scan.readOn(String(decoding: Array(rest), as: UTF8.self)) }
        } else {
          scan.read(String(decoding: text.bytes[piece], as: UTF8.self))
        }
        values.append(Double(scan.value(of: self)))
      }
    }
    return values
  }

  /// Reports of progress on one match, each of which stands for some ten thousand steps.
  private static let mostReports = 10_000

  private static func matches(of expression: String, in text: TextPieces) throws(TextFeatureError) -> [Double] {
    let regex: NSRegularExpression
    do { regex = try NSRegularExpression(pattern: expression, options: .anchorsMatchLines) } catch {
      throw .invalidExpression(expression)
    }
    let strings = text.bytes.map { String(decoding: $0, as: UTF8.self) }
    let whole = strings.joined()
    var isMatched = [Bool](repeating: false, count: whole.utf16.count)
    // A match that takes long is reported on again and again.
    var (reports, isCostly) = (0, false)
    let range = NSRange(location: 0, length: isMatched.count)
    regex.enumerateMatches(in: whole, options: .reportProgress, range: range) { match, _, stop in
      guard let match else {
        reports += 1
        isCostly = reports > mostReports
        if isCostly { stop.pointee = true }
        return
      }
      reports = 0
      for unit in match.range.location..<match.range.location + match.range.length { isMatched[unit] = true }
    }
    if isCostly { throw .costlyExpression(expression) }
    var (values, start) = ([Double](), 0)
    for string in strings {
      let end = start + string.utf16.count
      values.append(isMatched[start..<end].contains(true) ? 1 : 0)
      start = end
    }
    return values
  }
}

/// Why a feature has no values.
public enum TextFeatureError: Error, Equatable, CustomStringConvertible {
  /// The text is no regular expression.
  case invalidExpression(String)
  /// The search for its matches takes too long.
  case costlyExpression(String)

  public var description: String {
    switch self {
    case .invalidExpression(let expression): "\"\(expression)\" is not a regular expression"
    case .costlyExpression(let expression):
      "the search for \"\(expression)\" takes too long on this text; repetitions within repetitions may be why"
    }
  }
}

/// State of the features that one pass over a text finds.
private struct FeatureScan {
  private var (linePosition, wordPosition, indentation, depth) = (0, 0, 0, 0)
  private var (isIndenting, isCapital, isEscaped) = (true, false, false)
  /// Closing mark of the quotation that is open.
  private var closing: Character?

  mutating func read(_ piece: String) {
    linePosition += 1
    readOn(piece)
  }

  /// Reads what stands in a piece after a line end.
  mutating func readOn(_ text: String) { for character in text { read(character) } }

  /// - Parameter isEmpty: whether the line has nothing but its end.
  mutating func endLine(isEmpty: Bool) {
    (linePosition, wordPosition, indentation) = (0, 0, 0)
    (isIndenting, isCapital, isEscaped) = (true, false, false)
    if isEmpty { closing = nil }
  }

  private mutating func read(_ character: Character) {
    readQuotes(character)
    if "([{".contains(character) { depth += 1 }
    if ")]}".contains(character) { depth = max(depth - 1, 0) }
    wordPosition = character.isLetter ? wordPosition + 1 : 0
    isCapital = character.isUppercase
    if isIndenting, character == " " || character == "\t" { indentation += 1 } else { isIndenting = false }
    isEscaped = character == "\\" && !isEscaped
  }

  private mutating func readQuotes(_ character: Character) {
    if let closing {
      if character == closing && !isEscaped { self.closing = nil }
    } else if character == "\"" && !isEscaped {
      closing = "\""
    } else if character == "\u{201C}" || character == "\u{201E}" {
      closing = character == "\u{201C}" ? "\u{201D}" : "\u{201C}"
    } else if character == "\u{AB}" {
      closing = "\u{BB}"
    }
  }

  func value(of feature: TextFeature) -> Int {
    switch feature {
    case .quotes: closing == nil ? 0 : 1
    case .brackets: depth
    case .linePosition: linePosition
    case .wordPosition: wordPosition
    case .indentation: indentation
    case .capitals: isCapital ? 1 : 0
    case .matches: 0
    }
  }
}
