import SequenceText
import TensorCore

/// Part of a `tokenizer.json` file that is small: all but the symbols and the merges.
enum TokenizerValue: Equatable {
  case null
  case flag(Bool)
  case number(Int)
  case text(String)
  case list([TokenizerValue])
  case object([String: TokenizerValue])
  /// A number that is no whole one.
  case other

  /// Name under `type` of an object; nil where it has none.
  var type: String? {
    if case .object(let members) = self, case .text(let name)? = members["type"] { name } else { nil }
  }
}

/// Model of a `tokenizer.json` file as it is written.
struct TokenizerModel {
  var settings: [String: TokenizerValue] = [:]
  /// Spellings with their ids.
  var symbols: [(text: String, id: Int)] = []
  var merges: [(left: String, right: String)] = []
}

extension JSONScanner {
  /// Bounds of what is read: levels, elements of a list or an object, and bytes of a text.
  private static let (mostLevels, mostElements, longestText) = (8, 1 << 16, 1 << 20)

  mutating func tokenizerValue(levels: Int = mostLevels) throws -> TokenizerValue {
    skipSpace()
    if takeNull() { return .null }
    switch current {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard levels > 0 else { throw JSONProblem.malformed(offset: offset, expected: "fewer levels") }
      if current == UInt8(ascii: "[") {
        var elements: [TokenizerValue] = []
        try array(atMost: Self.mostElements) { elements.append(try $0.tokenizerValue(levels: levels - 1)) }
        return .list(elements)
      }
      var members: [String: TokenizerValue] = [:]
      try object(nameLimit: 4096, countLimit: Self.mostElements) { scanner, name in
        members[name] = try scanner.tokenizerValue(levels: levels - 1)
      }
      return .object(members)
    case UInt8(ascii: "\""): return .text(try text(atMost: Self.longestText).value)
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .flag(try boolean())
    default: return try integerOrOther().map { .number($0) } ?? .other
    }
  }

  /// Reads the member `model`.
  mutating func tokenizerModel() throws -> TokenizerModel {
    var model = TokenizerModel()
    let limit = 6 * Vocabulary.largestPieceSize
    try object(nameLimit: 256, countLimit: 64) { scanner, name in
      switch name {
      case "vocab":
        scanner.distinguishesEquivalentNames = true
        try scanner.object(nameLimit: limit, countLimit: Vocabulary.largestPieceCount) { scanner, symbol in
          model.symbols.append((symbol, try scanner.integer()))
        }
        scanner.distinguishesEquivalentNames = false
      case "merges":
        try scanner.array(atMost: Vocabulary.largestMergeCount) { scanner in
          model.merges.append(try scanner.merge(number: model.merges.count, atMost: limit))
        }
      default: model.settings[name] = try scanner.tokenizerValue()
      }
    }
    return model
  }

  /// Reads a merge: two symbols in one text with a space between, or in a list.
  private mutating func merge(number: Int, atMost limit: Int) throws -> (String, String) {
    skipSpace()
    var symbols: [String] = []
    if current == UInt8(ascii: "[") {
      try array(atMost: 2) { symbols.append(try $0.text(atMost: limit).value) }
    } else {
      symbols = try text(atMost: limit).value.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    }
    guard symbols.count == 2 else { throw HuggingFaceTokenizerError.Problem.vocabulary(.invalidMerge(number)) }
    return (symbols[0], symbols[1])
  }
}
