#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension String {
  /// This text as it may be printed, wherever it comes from: on one line, without anything that steers a terminal. A line
  /// feed reads `\n`, an escape character `\u{1B}`. Of more than `limit` Unicode scalars the first are left, and `…`.
  ///
  /// It is the one function through which names and text of files, paths and models reach a message or a table.
  package func printable(atMost limit: Int = .max) -> String {
    if utf8.count <= limit && utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
    var line = ""
    var rest = unicodeScalars.makeIterator()
    var count = 0
    while let scalar = rest.next() {
      if count == limit { return line + "…" }
      if scalar.steersTerminal { line += scalar.escaped } else { line.unicodeScalars.append(scalar) }
      count += 1
    }
    return line
  }

  /// Printable form between quotation marks, of bounded length: a name from a file.
  package var quotedName: String { "\"\(printable(atMost: 100))\"" }
}

extension Unicode.Scalar {
  /// Whether printing the scalar does more than show it, so that `printable` and JSON for a reader escape it: control characters (C0, DEL, C1), line and paragraph separators,
  /// and embeddings, overrides and isolates of bidirectional text, which reorder what is around them; or it stands for a byte
  /// that is not text.
  package var steersTerminal: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: SystemText.isEscape(self) || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
    }
  }

  /// Spelling as in a Swift string, `\n`, `\u{1B}`; of a byte that is not text `\xE9`.
  package var escaped: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    case _ where SystemText.isEscape(self): SystemText.shown(escape: self)
    default: "\\u{\(String(value, radix: 16, uppercase: true))}"
    }
  }
}

extension String {
  /// Whether the text comes before another in the order of their UTF-8 bytes.
  package func precedesByBytes(_ other: String) -> Bool {
    var (left, right) = (self, other)
    return left.withUTF8 { left in
      right.withUTF8 { right in
        guard let first = left.baseAddress, let second = right.baseAddress else { return left.count < right.count }
        let order = memcmp(first, second, min(left.count, right.count))
        return order != 0 ? order < 0 : left.count < right.count
      }
    }
  }
}
