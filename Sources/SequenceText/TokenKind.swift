/// The unit of text that is one token.
///
/// A token is identified by its UTF-8 bytes, whatever its kind: `"é"` and `"e\u{301}"` are equal as `String` and as
/// `Character`, and are two different tokens.
public enum TokenKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// A Swift `Character`: an extended grapheme cluster (Unicode Standard Annex 29). `"\r\n"` is one.
  case character
  /// A Unicode scalar value.
  case scalar
  /// A byte; a text need not be valid UTF-8.
  case byte
  /// A piece of text, as `TextPieceRule` cuts it, that is frequent; another piece is spelt by its bytes. A text need not be
  /// valid UTF-8.
  case word
  /// A part of a piece of text, as byte-pair encoding finds it (Sennrich, Haddow and Birch, 2016, "Neural Machine Translation
  /// of Rare Words with Subword Units"). A text need not be valid UTF-8.
  case subword

  /// Whether tokens may be parts of a character, so that they spell any bytes.
  public var spellsBytes: Bool { self == .byte || isOfPieces }

  /// Whether a text is cut into pieces first, each of which is one or more tokens.
  public var isOfPieces: Bool { self == .word || self == .subword }
}
