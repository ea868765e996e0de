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

/// Room for the small parts of a file, all together: no more is kept of them, whatever the file holds.
struct TokenizerRoom {
  static let (mostValues, mostBytes) = (1 << 16, 1 << 22)
  private var (values, bytes) = (mostValues, mostBytes)

  /// Takes the room of values, and of the bytes of a text or a name.
  mutating func take(values: Int = 0, bytes: Int = 0) throws(HuggingFaceTokenizerError.Problem) {
    self.values -= values
    self.bytes -= bytes
    guard self.values >= 0, self.bytes >= 0 else { throw .tooLarge(values: Self.mostValues, bytes: Self.mostBytes) }
  }
}

/// Model of a `tokenizer.json` file as it is written.
struct TokenizerModel {
  var settings: [String: TokenizerValue] = [:]
  /// Whether the symbols are in a list, as those of other models are; they are not kept.
  var listsSymbols = false
  /// Spellings with their ids.
  var symbols: [(text: String, id: Int)] = []
  var merges: [(left: String, right: String)] = []
}

extension JSONScanner {
  /// Reads a small part of a file.
  ///
  /// - Parameters:
  ///   - room: what it may take; less afterwards.
  ///   - limit: elements that it may have, where it is a list.
  ///   - levels: lists and objects within each other.
  mutating func tokenizerValue(
    _ room: inout TokenizerRoom, atMost limit: Int = .max, levels: Int = 8
  ) throws -> TokenizerValue {
    try room.take(values: 1)
    skipSpace()
    if takeNull() { return .null }
    switch current {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard levels > 0 else { throw JSONProblem.malformed(offset: offset, expected: "fewer levels") }
      if current == UInt8(ascii: "[") {
        var elements: [TokenizerValue] = []
        try array(atMost: limit) { elements.append(try $0.tokenizerValue(&room, levels: levels - 1)) }
        return .list(elements)
      }
      var members: [String: TokenizerValue] = [:]
      try object(nameLimit: 4096) { scanner, name in
        try room.take(bytes: name.utf8.count)
        members[name] = try scanner.tokenizerValue(&room, levels: levels - 1)
      }
      return .object(members)
    case UInt8(ascii: "\""):
      let text = try text(atMost: TokenizerRoom.mostBytes).value
      try room.take(bytes: text.utf8.count)
      return .text(text)
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .flag(try boolean())
    default: return try integerOrOther().map { .number($0) } ?? .other
    }
  }

  /// Reads the member `model`.
  mutating func tokenizerModel(_ room: inout TokenizerRoom) throws -> TokenizerModel {
    var model = TokenizerModel()
    let limit = 6 * Vocabulary.largestPieceSize
    try object(nameLimit: 256, countLimit: 64) { scanner, name in
      switch name {
      case "vocab":
        scanner.skipSpace()
        if scanner.current == UInt8(ascii: "[") {
          model.listsSymbols = true
          return try scanner.array { try $0.listedSymbol(atMost: limit) }
        }
        scanner.distinguishesEquivalentNames = true
        try scanner.object(nameLimit: limit, countLimit: Vocabulary.largestPieceCount) { scanner, symbol in
          model.symbols.append((symbol, try scanner.id(of: symbol)))
        }
        scanner.distinguishesEquivalentNames = false
      case "merges":
        try scanner.array(atMost: Vocabulary.largestMergeCount) { scanner in
          model.merges.append(try scanner.merge(number: model.merges.count, atMost: limit))
        }
      default: model.settings[name] = try scanner.tokenizerValue(&room)
      }
    }
    return model
  }

  /// Passes over an element of a list of symbols: a text, or one with its score.
  private mutating func listedSymbol(atMost limit: Int) throws {
    func textOrScore(_ scanner: inout JSONScanner) throws {
      scanner.skipSpace()
      if scanner.current == UInt8(ascii: "\"") {
        _ = try scanner.text(atMost: limit)
      } else {
        _ = try scanner.integerOrOther()
      }
    }
    skipSpace()
    if current == UInt8(ascii: "[") { try array(atMost: 2, textOrScore) } else { try textOrScore(&self) }
  }

  private mutating func id(of symbol: String) throws -> Int {
    skipSpace()
    let isNumberOrWord = current.map { !"\"[{".utf8.contains($0) } ?? true
    guard isNumberOrWord, let id = try integerOrOther(), id <= TokenizerSettings.largestID else {
      throw HuggingFaceTokenizerError.Problem.invalidID(symbol, isAdded: false)
    }
    return id
  }

  /// Reads a merge: two symbols in one text with a space between, or in a list.
  private mutating func merge(number: Int, atMost limit: Int) throws -> (String, String) {
    let problem = HuggingFaceTokenizerError.Problem.vocabulary(.invalidMerge(number))
    skipSpace()
    var symbols: [String] = []
    if current == UInt8(ascii: "[") {
      try array { scanner in
        guard symbols.count < 2 else { throw problem }
        symbols.append(try scanner.text(atMost: limit).value)
      }
    } else {
      symbols = try text(atMost: limit).value.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    }
    guard symbols.count == 2 else { throw problem }
    return (symbols[0], symbols[1])
  }
}
