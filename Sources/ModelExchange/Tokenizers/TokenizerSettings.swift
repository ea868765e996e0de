import SequenceText
import TensorCore

/// Settings of a `tokenizer.json` file, beside its model. Whatever would change ids in another way is refused by its name.
struct TokenizerSettings {
  /// Whether a space is put before each part of a text that does not begin with one.
  private(set) var addsPrefixSpace = false
  /// Whether a text is cut into pieces by `TextPieceRule`; otherwise it is one piece.
  private(set) var cutsPieces = true
  private(set) var addedTokens: [AddedToken] = []

  /// A symbol that is found before a text is cut into pieces.
  struct AddedToken {
    let id: Int
    let text: String
    /// Whether it is found in what the others leave.
    let isNormalized: Bool
  }

  init(_ members: [String: TokenizerValue]) throws(HuggingFaceTokenizerError.Problem) {
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      switch name {
      case "version": break
      case "truncation", "padding": guard value == .null else { throw .unsupported(name, nil) }
      // Forms of Unicode are not those of the package: Foundation composes characters beyond U+FFFF with marks wrongly.
      case "normalizer": guard value == .null else { throw .unsupported(name, value.type) }
      case "pre_tokenizer": break
      case "post_processor", "decoder": try Self.requireByteLevel(value, at: name)
      case "added_tokens": addedTokens = try Self.addedTokens(value)
      default: throw .unsupported(name, nil)
      }
    }
    try readPreTokenizer(members["pre_tokenizer"] ?? .null, at: "pre_tokenizer")
  }

  private mutating func readPreTokenizer(
    _ value: TokenizerValue, at path: String
  ) throws(HuggingFaceTokenizerError.Problem) {
    guard case .object(var members) = value else { throw .unsupported(path, "null") }
    if value.type == "Sequence", case .list(let parts)? = members["pretokenizers"], !parts.isEmpty {
      try Self.requireByteLevel(parts, at: "\(path).pretokenizers")
      guard parts.count == 1 else { throw .unsupported("\(path).pretokenizers[1]", "a second ByteLevel") }
      return try readPreTokenizer(parts[0], at: "\(path).pretokenizers[0]")
    }
    guard value.type == "ByteLevel" else { throw .unsupported(path, value.type) }
    // Offsets of tokens in a text are nothing to their ids.
    (members["type"], members["trim_offsets"]) = (nil, nil)
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      switch (name, value) {
      case ("add_prefix_space", .flag(let isOn)): addsPrefixSpace = isOn
      case ("use_regex", .flag(let isOn)): cutsPieces = isOn
      default: throw .unsupported("\(path).\(name)", nil)
      }
    }
  }

  /// Requires a part that changes no ids: none, or one that maps bytes to characters and back.
  private static func requireByteLevel(
    _ value: TokenizerValue, at path: String
  ) throws(HuggingFaceTokenizerError.Problem) {
    if value == .null || value.type == "ByteLevel" { return }
    if value.type == "Sequence", case .object(let members) = value {
      for name in ["processors", "decoders"] {
        if case .list(let parts)? = members[name] { try requireByteLevel(parts, at: "\(path).\(name)") }
      }
    }
    throw .unsupported(path, value.type)
  }

  /// Requires `ByteLevel` of the parts of a sequence; a part that is the only one may be a sequence.
  private static func requireByteLevel(
    _ parts: [TokenizerValue], at path: String
  ) throws(HuggingFaceTokenizerError.Problem) {
    for (place, part) in parts.enumerated() where part.type != "ByteLevel" {
      if parts.count == 1, part.type == "Sequence" { continue }
      throw .unsupported("\(path)[\(place)]", part.type)
    }
  }

  /// Bounds of the added symbols: how many there are, and bytes of one.
  static let (mostAdded, longestAdded) = (4096, 256)
  /// The largest id that is read.
  static let largestID = Int(Int32.max)

  private static func addedTokens(
    _ value: TokenizerValue
  ) throws(HuggingFaceTokenizerError.Problem) -> [AddedToken] {
    guard case .list(let elements) = value else { throw .unsupported("added_tokens", nil) }
    var tokens: [AddedToken] = []
    for (place, element) in elements.enumerated() {
      guard case .object(let members) = element, case .text(let text)? = members["content"], !text.isEmpty else {
        throw .noContent(place)
      }
      guard text.utf8.count <= longestAdded else { throw .longAdded(text, limit: longestAdded) }
      guard case .number(let id)? = members["id"], id <= largestID else { throw .invalidID(text, isAdded: true) }
      for name in ["single_word", "lstrip", "rstrip"] where members[name] ?? .flag(false) != .flag(false) {
        throw .unsupported("added_tokens.\(name)", text.printable(atMost: 60))
      }
      guard case .flag(let isNormalized) = members["normalized"] ?? .flag(true) else {
        throw .unsupported("added_tokens.normalized", text.printable(atMost: 60))
      }
      tokens.append(AddedToken(id: id, text: text, isNormalized: isNormalized))
    }
    return tokens
  }
}
