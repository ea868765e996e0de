import Foundation

/// A symbol as a reader can tell it from any other, to stand between quotation marks on one line.
///
/// Control characters, spaces other than U+0020, format characters, unassigned ones and combining marks with nothing to
/// stand on are named by code point (`\n`, `\u{200D}`), and so is all beyond ASCII in a symbol that looks like another
/// because it is not composed (`e\u{301}`). Bytes that are not valid UTF-8, and byte tokens from 0x80 on, read `\xE2`.
/// A grapheme cluster may be of any length: of more than ten scalars, which no emoji has, the first ten are shown and `…`.
func displayed(_ symbol: [UInt8], _ kind: TokenKind = .character) -> String {
  guard kind != .byte || symbol.allSatisfy({ $0 < 0x80 }), let text = String(validating: symbol, as: UTF8.self) else {
    return joined(symbol) { _, byte in
      byte < 0x80 ? displayed(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
    }
  }
  // Enough to show: composing takes time with the square of the combining marks in a row.
  let beginning = String(text.unicodeScalars.prefix(11))
  if !beginning.precomposedStringWithCanonicalMapping.utf8.elementsEqual(beginning.utf8) {
    return joined(text.unicodeScalars) { $1.isASCII ? displayed($1) : codePoint($1) }
  }
  return joined(text.unicodeScalars) { position, scalar in
    position == 0 && scalar.properties.generalCategory.isMark ? codePoint(scalar) : displayed(scalar)
  }
}

private func joined<Parts: Collection>(_ parts: Parts, _ show: (Int, Parts.Element) -> String) -> String {
  let shown = parts.prefix(10)
  return shown.enumerated().map(show).joined() + (shown.endIndex == parts.endIndex ? "" : "…")
}

private func displayed(_ scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  case "\"": return "\\\""
  case "\\": return "\\\\"
  case " ": return " "
  default: break
  }
  switch scalar.properties.generalCategory {
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
    return codePoint(scalar)
  default: return String(scalar)
  }
}

private func codePoint(_ scalar: Unicode.Scalar) -> String {
  "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
}

extension Unicode.GeneralCategory {
  fileprivate var isMark: Bool { self == .nonspacingMark || self == .spacingMark || self == .enclosingMark }
}
