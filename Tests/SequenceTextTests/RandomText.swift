import CharrnnTestSupport
import SequenceText

/// Scalars that meet every rule of grapheme breaking, and plain text between them.
private let pieces: [String] = [
  "a", "b", " ", "\n", "\r", "\r\n", "\t", "\u{0}", "7", "é", "e\u{301}", "\u{301}", "\u{308}", "ß", "я", "Ж", "ا",
  "لا", "中",
  "文", "。", "한", "\u{1112}", "\u{1161}", "\u{11AB}", "क", "\u{94D}", "ष", "ि", "ก", "ำ", "\u{200D}", "\u{FE0F}", "❤",
  "👨", "👩",
  "👍", "\u{1F3FD}", "🇧", "🇷", "🇵", "🇹", "\u{600}", "\u{2028}", "\u{10FFFF}", "\u{FEFF}", "\u{E000}", "\u{AD}",
]

/// A text of `count` random pieces.
func randomText(_ count: Int, using generator: inout SplitMix) -> String {
  var scalars = String.UnicodeScalarView()
  for _ in 0..<count { scalars += pieces.randomElement(using: &generator)!.unicodeScalars }
  return String(scalars)
}

/// Bytes that are nearly UTF-8: a random text with some bytes changed, lost or doubled.
func damagedText(_ count: Int, using generator: inout SplitMix) -> [UInt8] {
  var bytes = Array(randomText(count, using: &generator).utf8)
  for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
    let place = bytes.indices.randomElement(using: &generator)!
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: bytes[place] = .random(in: 0x7F...0xFF, using: &generator)
    case 1: bytes.remove(at: place)
    default: bytes.insert(bytes[place], at: place)
    }
  }
  return bytes
}

/// The tokens of `text` by the standard library's own views.
func tokensByViews(_ text: String, _ kind: TokenKind) -> [[UInt8]] {
  switch kind {
  case .character: text.map { Array($0.utf8) }
  case .scalar: text.unicodeScalars.map { Array(String($0).utf8) }
  case .byte: text.utf8.map { [$0] }
  case .word, .subword: TextPieceRule.pieces(of: Array(text.utf8)).map { Array(Array(text.utf8)[$0]) }
  }
}

/// The vocabulary of all bytes.
func allBytes() throws -> Vocabulary {
  try Vocabulary(symbols: (UInt8.min...UInt8.max).map { [$0] }, kind: .byte)
}
