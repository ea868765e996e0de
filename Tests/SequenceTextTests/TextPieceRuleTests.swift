import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct TextPieceRuleTests {
  private static func strings(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    return TextPieceRule.pieces(of: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test(arguments: [
    ("Hello there", ["Hello", " there"]),
    ("don't we'll I'd 'sit 're", ["don", "'t", " we", "'ll", " I", "'d", " '", "sit", " '", "re"]),
    ("DON'T", ["DON", "'", "T"]),
    ("a  b", ["a", " ", " b"]), ("a \n b", ["a", " \n", " b"]), ("a\n\nb", ["a", "\n", "\n", "b"]),
    ("end  \n", ["end", "  \n"]), ("\tx", ["\t", "x"]), ("x1 23,4", ["x", "1", " 23", ",", "4"]),
    ("hm... ok?!", ["hm", "...", " ok", "?!"]), ("e\u{301}t", ["e", "\u{301}", "t"]),
    ("größe\u{A0}Ж七", ["größe", "\u{A0}", "Ж七"]), ("", []),
  ])
  func piecesAreThoseOfGPT2(text: String, pieces: [String]) { #expect(Self.strings(text) == pieces) }

  @Test(arguments: 1...300) func piecesAreThoseOfTheExpressionTriedAlternativeByAlternative(seed: Int) {
    var generator = SplitMix(seed: seed)
    let bytes = randomBytes(Int.random(in: 0...60, using: &generator), using: &generator)
    #expect(TextPieceRule.pieces(of: bytes) == slowPieces(of: bytes), "\(bytes)")
  }

  @Test(arguments: 1...300) func aTextMayBeCutWhereAPieceCertainlyEnds(seed: Int) {
    var generator = SplitMix(seed: seed)
    let bytes = randomBytes(Int.random(in: 2...60, using: &generator), using: &generator)
    let whole = TextPieceRule.pieces(of: bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    for cut in 1..<bytes.count where TextPieceRule.certainlyEnds(at: cut, in: bytes) {
      let characters = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self).count }
      #expect(characters.reduce(0, +) == text.count, "a Character of \(bytes) at \(cut)")
      let after = TextPieceRule.pieces(of: Array(bytes[cut...])).map { $0.lowerBound + cut..<$0.upperBound + cut }
      #expect(TextPieceRule.pieces(of: Array(bytes[..<cut])) + after == whole, "\(bytes) at \(cut)")
    }
  }

  @Test(arguments: [
    ("one two", [3]), ("one  two", [4]), ("a\n b\n", [2]), ("é two", [2]), ("1 a", [1]), ("a\r\nb", []),
    ("文。\n\u{3000}文", [7]), ("文。\n文", [6]), ("ب ب", []), ("x1,y;'s", [1, 2, 3, 4]), ("'t x", [2]),
  ])
  func placesBeforeWhiteSpaceAndBetweenClassesAreFound(text: String, cuts: [Int]) {
    let bytes = Array(text.utf8)
    #expect((1..<bytes.count).filter { TextPieceRule.certainlyEnds(at: $0, in: bytes) } == cuts)
  }

  @Test func aPieceIsOfBoundedLength() {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: TextPieceRule.longest + 10)
    #expect(TextPieceRule.pieces(of: text).map(\.count) == [TextPieceRule.longest, 10])
  }

  @Test(arguments: 1...100) func piecesTogetherAreTheText(seed: Int) {
    var generator = SplitMix(seed: seed)
    let bytes = damagedText(40, using: &generator)
    #expect(TextPieceRule.pieces(of: bytes).flatMap { bytes[$0] } == bytes)
  }
}

/// Parts of texts at which pieces begin and end, among them bytes that are no UTF-8.
private let parts: [[UInt8]] =
  ["a", "B", "é", "文", "1", "²", ".", "'", "'s", "'re", "'ll", "'v", " ", "  ", "\n", "\t", "\u{A0}", "\u{301}", "😀"]
  .map { Array($0.utf8) } + [[0xC3], [0xFF], [0xE2, 0x82], [0x80]]

func randomBytes(_ count: Int, using generator: inout SplitMix) -> [UInt8] {
  (0..<count).flatMap { _ in parts.randomElement(using: &generator)! }
}

private enum SlowClass { case letter, number, space, other }

/// Pieces found by trying each alternative of the expression at each place, on the scalars of the text.
private func slowPieces(of bytes: [UInt8]) -> [Range<Int>] {
  var units: [(kind: SlowClass, scalar: Unicode.Scalar?, count: Int)] = []
  var place = 0
  while place < bytes.count {
    let length = (1...4).first { count in
      place + count <= bytes.count
        && String(validating: bytes[place..<place + count], as: UTF8.self)?.unicodeScalars.count == 1
    }
    let scalar = length.map { String(decoding: bytes[place..<place + $0], as: UTF8.self).unicodeScalars.first! }
    units.append((slowClass(scalar), scalar, length ?? 1))
    place += length ?? 1
  }
  func run(_ kind: SlowClass, from start: Int) -> Int { units[start...].prefix { $0.kind == kind }.count }
  func length(at start: Int) -> Int {
    if units[start].scalar == "'" {
      for word in ["s", "t", "re", "ve", "m", "ll", "d"] {
        let next = units[(start + 1)...].prefix(word.count).map(\.scalar)
        if next == Array(word.unicodeScalars) { return 1 + word.count }
      }
    }
    let space = units[start].scalar == " " ? 1 : 0
    for kind in [SlowClass.letter, .number, .other] {
      if start + space < units.count, run(kind, from: start + space) > 0 {
        return space + run(kind, from: start + space)
      }
    }
    let spaces = run(.space, from: start)
    return start + spaces == units.count || spaces == 1 ? spaces : spaces - 1
  }
  var (ranges, unit, start) = ([Range<Int>](), 0, 0)
  while unit < units.count {
    let next = unit + length(at: unit)
    let size = units[unit..<next].reduce(0) { $0 + $1.count }
    ranges.append(start..<start + size)
    (unit, start) = (next, start + size)
  }
  return ranges
}

private func slowClass(_ scalar: Unicode.Scalar?) -> SlowClass {
  guard let scalar else { return .other }
  if scalar.properties.isWhitespace { return .space }
  switch scalar.properties.generalCategory {
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
  case .decimalNumber, .letterNumber, .otherNumber: return .number
  default: return .other
  }
}
