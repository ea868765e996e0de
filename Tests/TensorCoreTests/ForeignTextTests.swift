import TensorCore
import Testing

@Suite struct ForeignTextTests {
  @Test func printableTextIsOneLineThatSteersNoTerminal() {
    let hostile = "a\n\r\t\u{1B}]0;x\u{7}\u{0}\u{9B}m\u{7F}\u{85}\u{2028}\u{2029}\u{202E}\u{2066}é你\"\\"
    let expected =
      #"a\n\r\t\u{1B}]0;x\u{7}\u{0}\u{9B}m\u{7F}\u{85}\u{2028}\u{2029}\u{202E}\u{2066}é你"# + "\"\\"
    #expect(hostile.printable() == expected)
    for value in (0...0x10FFFF as ClosedRange<UInt32>) {
      guard let scalar = Unicode.Scalar(value), scalar.steersTerminal else { continue }
      #expect(String(scalar).printable().utf8.allSatisfy { (0x20..<0x7F).contains($0) })
    }
  }

  @Test func ofALongTextTheBeginningIsPrinted() {
    #expect("abc".printable(atMost: 3) == "abc")
    #expect("abcd".printable(atMost: 3) == "abc…")
    #expect(("e" + String(repeating: "\u{301}", count: 9)).printable(atMost: 3) == "e\u{301}\u{301}…")
    #expect(String(repeating: "a", count: 200).quotedName == "\"" + String(repeating: "a", count: 100) + "…\"")
  }

  @Test func textsAreOrderedByTheirBytes() {
    let texts = ["", "a", "a\u{0}", "ab", "b", "é", "e\u{301}", "你", "👍", "\u{FFFF}"]
    for left in texts {
      for right in texts {
        #expect(left.precedesByBytes(right) == left.utf8.lexicographicallyPrecedes(right.utf8), "\(left) \(right)")
      }
    }
  }
}
