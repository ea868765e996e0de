/// The unit of text that is one token.
///
/// A token is identified by its UTF-8 bytes, whatever its kind: `"é"` and `"e\u{301}"` are equal as `String` and as
/// `Character`, and are two different tokens.
public enum TokenKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// A Swift `Character`: an extended grapheme cluster (Unicode Standard Annex 29). `"\r\n"` is one.
  case character
  /// A Unicode scalar value.
  case scalar
  /// A byte; the only kind for which a text need not be valid UTF-8.
  case byte
}
