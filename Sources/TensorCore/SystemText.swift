#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Text of the operating system: the words of a command line and the names of files, which are bytes and only as a rule
/// UTF-8.
///
/// As a `String` it is the text, with a private-use scalar, U+10FE00 plus the byte, for each byte that is not UTF-8. Bytes
/// that are one of these scalars in UTF-8 become four of them. So every sequence of bytes has a string of its own, and
/// `bytes(of:)` gives the bytes back.
package enum SystemText {
  private static let escapes: ClosedRange<UInt32> = 0x10FE80...0x10FEFF
  private static let firstEscape: UInt32 = 0x10FE00

  /// The string of some bytes.
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !hasEscape(text) { return text }
    var text = String.UnicodeScalarView()
    var rest = Array(bytes)[...]
    while let first = rest.first {
      // The shortest beginning that is a scalar.
      let scalar = (1...4).lazy.compactMap { length in
        length <= rest.count ? String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first : nil
      }.first
      if let scalar, !escapes.contains(scalar.value) {
        text.append(scalar)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        text.append(Unicode.Scalar(firstEscape + UInt32(first))!)
        rest = rest.dropFirst()
      }
    }
    return String(text)
  }

  /// The bytes of a string.
  package static func bytes(of text: String) -> [UInt8] {
    if !hasEscape(text) { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar in
      escapes.contains(scalar.value) ? [UInt8(scalar.value - firstEscape)] : Array(String(scalar).utf8)
    }
  }

  /// Whether some bytes of a string are not text.
  package static func hasEscape(_ text: String) -> Bool { text.unicodeScalars.contains(where: isEscape) }

  package static func isEscape(_ scalar: Unicode.Scalar) -> Bool { escapes.contains(scalar.value) }

  /// The byte of a scalar that stands for one, for a reader: `\xE9`.
  package static func shown(escape scalar: Unicode.Scalar) -> String {
    "\\x" + String(scalar.value - firstEscape, radix: 16, uppercase: true)
  }

  /// The words of the command line, the program's name first.
  package static var commandLine: [String] {
    (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0].map(text) }
  }

  /// The string of the bytes up to a zero.
  static func text(_ start: UnsafePointer<CChar>) -> String {
    text(UnsafeRawBufferPointer(start: start, count: strlen(start)))
  }

  static func text(_ start: UnsafeMutablePointer<CChar>) -> String { text(UnsafePointer(start)) }
}

/// Calls `body` with the bytes of a path, for a function of the operating system.
func withSystemPath<Result>(_ path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  let bytes = SystemText.bytes(of: path).map { CChar(bitPattern: $0) } + [0]
  return bytes.withUnsafeBufferPointer { body($0.baseAddress!) }
}
