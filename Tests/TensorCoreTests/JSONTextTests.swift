import Foundation
import TensorCore
import Testing

@Suite("JSON text")
struct JSONTextTests {
  @Test func membersKeepTheirOrderOnOneLine() {
    let value: JSONText = ["z": 1, "a": [true, nil, "x", 0.5], "m": ["nested": []], "e": .object([])]
    #expect(value.line == #"{"z": 1, "a": [true, null, "x", 0.5], "m": {"nested": []}, "e": {}}"#)
  }

  @Test func aNumberReadsBackAsTheSameBitsOneThatIsNotFiniteIsNull() throws {
    let seed: UInt64 = 3
    var state = seed
    var values: [Double] = [
      0, -0.0, 1, 0.1, 1e16, 1e-5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -1.5e300, 1 / 3,
    ]
    for _ in 0..<500 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      values.append(Double(bitPattern: state))
    }
    for value in values where value.isFinite {
      let line = JSONText.number(value).line
      #expect(Double(line)?.bitPattern == value.bitPattern, "seed \(seed)")
      #expect(try JSONDecoder().decode(Double.self, from: Data(line.utf8)) == value, "\(line), seed \(seed)")
      // Foundation's other reader is off by an ulp or so.
      let read = try #require(try parsed(.array([.number(value)])) as? [NSNumber], "\(line), seed \(seed)")
      #expect(abs(read[0].doubleValue - value) <= abs(value) * 1e-14, "\(line), seed \(seed)")
    }
    for value in [Double.nan, .infinity, -.infinity] { #expect(JSONText.number(value).line == "null") }
    for value in [Int.min, -1, 0, .max] { #expect(JSONText.integer(value).line == "\(value)") }
  }

  @Test func aStringReadsBackAsTheSameBytesAndNeverBreaksTheLine() throws {
    var texts = ["", "\"\\/", "e\u{301}", "é", "👩‍👩‍👧", "\u{301}", "مرحبا", "\r\n", "\u{FFFF}", "\u{10FFFF}"]
    texts += (UInt32(0)...0x2100).compactMap { Unicode.Scalar($0).map { "\($0)" } }
    for text in texts {
      let value = JSONText.object([(name: text, value: .string(text))])
      #expect(!value.line.unicodeScalars.contains { $0.value < 32 || $0 == "\u{2028}" || $0 == "\u{85}" })
      let read = try #require(try parsed(value) as? [String: String])
      #expect(read.first.map { Array($0.key.utf8) } == Array(text.utf8), "\(value.line)")
      #expect(read.first.map { Array($0.value.utf8) } == Array(text.utf8), "\(value.line)")
    }
  }

  /// The same scalars are escaped as in printable text, as UTF-16 units, also beyond U+FFFF.
  @Test func aLineEscapesWhateverPrintableTextEscapes() throws {
    #expect(JSONText.string("\u{202E}\u{9B}\u{10FEE9}é👍").line == #""\u202e\u009b\udbff\udee9é👍""#)
    let steering = (0...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter(\.steersTerminal)
    for scalar in steering {
      let text = "\(scalar)"
      let value: JSONText = .array([.string(text)])
      #expect(value.line.utf8.allSatisfy { (0x20..<0x7F).contains($0) }, "\(value.line)")
      #expect(try parsed(value) as? [String] == [text], "\(value.line)")
    }
  }

  /// Bytes that are compared keep the escapes that they always had.
  @Test func compactTextEscapesOnlyWhatJSONRequires() {
    #expect(JSONText.string("\u{1B}\u{202E}\u{2028}").compact == "\"\\u001b\u{202E}\u{2028}\"")
  }

  private func parsed(_ value: JSONText) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(value.line.utf8))
  }
}
