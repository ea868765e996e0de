import CharrnnTestSupport
import Foundation
import SequenceText
import Testing

@Suite struct VocabularyTests {
  @Test func equalCharactersOfOtherBytesAreOtherSymbols() throws {
    let composed = Array("é".utf8)
    let decomposed = Array("e\u{301}".utf8)
    let vocabulary = try Vocabulary(symbols: [composed, decomposed], kind: .character)
    #expect(vocabulary.symbols == [decomposed, composed])
    #expect(vocabulary.id(of: decomposed) == 0)
    #expect(vocabulary.id(of: composed) == 1)
    #expect(vocabulary.display(0) == "e\\u{301}")
    #expect(vocabulary.display(1) == "é")
  }

  @Test(arguments: 1...20) func idsDependOnTheSymbolsAloneAndNotOnTheirOrder(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    for kind in TokenKind.allCases where !kind.isOfPieces {
      let symbols = Array(Set(tokensByViews(randomText(60, using: &generator), kind)))
      let vocabulary = try Vocabulary(symbols: symbols, kind: kind)
      #expect(try Vocabulary(symbols: symbols.shuffled(using: &generator), kind: kind) == vocabulary)
      for (a, b) in zip(vocabulary.symbols, vocabulary.symbols.dropFirst()) {
        #expect(a.lexicographicallyPrecedes(b))
      }
      for (id, symbol) in vocabulary.symbols.enumerated() {
        #expect(vocabulary.id(of: symbol) == Int32(id))
        #expect(vocabulary[Int32(id)] == symbol)
        #expect(vocabulary.id(of: symbol + symbol) == nil || kind == .character)
      }
    }
  }

  @Test func symbolsOfAnyLengthAreToldApart() throws {
    var symbols: Set<[UInt8]> = []
    for length in 0..<12 {
      for filler: UInt8 in [0, 0x61] { symbols.insert([UInt8](repeating: filler, count: length) + [0x61]) }
    }
    let vocabulary = try Vocabulary(symbols: Array(symbols), kind: .character)
    for (id, symbol) in vocabulary.symbols.enumerated() { #expect(vocabulary.id(of: symbol) == Int32(id)) }
    #expect(vocabulary.id(of: []) == nil)
    #expect(vocabulary.id(of: [UInt8](repeating: 0x61, count: 13)) == nil)
  }

  @Test(arguments: 1...20) func theJSONTextGivesTheSameVocabularyAndTheSameText(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    for kind in TokenKind.allCases where !kind.isOfPieces {
      let symbols = Array(Set(tokensByViews(randomText(60, using: &generator), kind)))
      let vocabulary = try Vocabulary(symbols: symbols, kind: kind)
      let again = try Vocabulary(json: vocabulary.json, kind: kind)
      #expect(again == vocabulary)
      #expect(again.json == vocabulary.json)
    }
    #expect(try Vocabulary(json: allBytes().json, kind: .byte) == allBytes())
  }

  @Test func theJSONTextIsAReadableList() throws {
    let symbols = ["\n", " ", "\"", "\\", "a", "é", "\u{1}", "中", "/"].map { Array($0.utf8) }
    #expect(
      try Vocabulary(symbols: symbols, kind: .character).json == #"["\u0001","\n"," ","\"","/","\\","a","é","中"]"#)
    #expect(try Vocabulary(symbols: [[255], [10], [0]], kind: .byte).json == "[0,10,255]")
    let other = #" [ "\u0001" , "\n", "\u00e9", "\ud83d\ude00" ] "#
    #expect(try Vocabulary(json: other, kind: .scalar).symbols.map(\.count) == [1, 1, 2, 4])
  }

  @Test(arguments: [
    "", "{}", "null", "[", "[1]", "[null]", "[[\"a\"]]", "\"a\"", "[\"a\"] [\"b\"]", #"["\ud800"]"#, "{\"a\":1}",
    String(repeating: "[", count: 100_000),
  ])
  func aTextThatIsNotAListOfStringsIsMalformed(json: String) {
    #expect(throws: VocabularyError.malformed(.character)) { try Vocabulary(json: json, kind: .character) }
  }

  @Test(arguments: ["[256]", "[-1]", "[1.5]", "[\"a\"]", "[1e400]", "[true]"])
  func aTextThatIsNotAListOfBytesIsMalformed(json: String) {
    #expect(throws: VocabularyError.malformed(.byte)) { try Vocabulary(json: json, kind: .byte) }
  }

  @Test func aStoredListOutOfOrderIsRefused() {
    #expect(throws: VocabularyError.notSorted("a")) { try Vocabulary(json: #"["b","a"]"#, kind: .character) }
    #expect(throws: VocabularyError.duplicateSymbol("a")) { try Vocabulary(json: #"["a","a"]"#, kind: .character) }
    #expect(throws: VocabularyError.notSorted("\\u{2}")) { try Vocabulary(json: "[3,2]", kind: .byte) }
  }

  /// The list is read no further than the first symbol that is wrong or one too many: what follows is no JSON at all.
  @Test func aListIsReadToTheFirstSymbolThatCannotFollow() {
    func refused(_ list: String, _ error: VocabularyError) {
      #expect(throws: error) { try Vocabulary(json: "[\(list),!", kind: .character) }
    }
    refused(#""a","a""#, .duplicateSymbol("a"))
    refused(#""b","a""#, .notSorted("a"))
    let symbols = (0...Vocabulary.largestCount).map { "\"\(1_000_000 + $0)\"" }
    refused(symbols.joined(separator: ","), .tooManySymbols(limit: Vocabulary.largestCount))
    let long = String(repeating: "a", count: Vocabulary.largestSize / 2)
    refused("\"\(long)\",\"\(long)b\"", .tooLong(limit: Vocabulary.largestSize))
    refused("\"" + String(repeating: "a", count: 7 * Vocabulary.largestSize), .tooLong(limit: Vocabulary.largestSize))
  }

  @Test func theLargestVocabularyComesBackFromItsText() throws {
    let length = Vocabulary.largestSize / Vocabulary.largestCount
    let symbols = (0..<Vocabulary.largestCount).map { number in
      Array("\(1_000_000 + number)".utf8) + [UInt8](repeating: 1, count: length - 7)
    }
    let vocabulary = try Vocabulary(symbols: symbols, kind: .character)
    #expect(try Vocabulary(json: vocabulary.json, kind: .character) == vocabulary)
    #expect(throws: VocabularyError.tooLong(limit: Vocabulary.largestSize)) {
      try Vocabulary(symbols: symbols.dropLast() + [symbols[0] + [1]], kind: .character)
    }
  }

  @Test func symbolsThatAreNoneOfTheirKindAreRefused() {
    func refused(_ symbols: [[UInt8]], _ kind: TokenKind, _ error: VocabularyError) {
      #expect(throws: error) { try Vocabulary(symbols: symbols, kind: kind) }
    }
    for kind in TokenKind.allCases where !kind.isOfPieces {
      refused([], kind, .noSymbols)
      refused([[]], kind, .emptySymbol)
      refused([[97], [98], [97]], kind, .duplicateSymbol("a"))
    }
    refused([[97, 98]], .byte, .invalidSymbol("ab", .byte))
    refused([[97, 98]], .scalar, .invalidSymbol("ab", .scalar))
    refused([[0xC3]], .scalar, .invalidSymbol("\\xC3", .scalar))
    refused([[0xED, 0xA0, 0x80]], .character, .invalidSymbol("\\xED\\xA0\\x80", .character))
  }

  @Test func whatIsDisplayedIsOneLineAndTellsSymbolsApart() throws {
    let shown: [(String, String)] = [
      ("\n", "\\n"), ("\r\n", "\\r\\n"), ("\"", "\\\""), ("\\", "\\\\"), (" ", " "), ("\u{A0}", "\\u{A0}"),
      ("\u{200D}", "\\u{200D}"), ("\u{301}", "\\u{301}"), ("\u{2028}", "\\u{2028}"), ("\u{0}", "\\u{0}"), ("中", "中"),
      ("ё", "ё"), ("👍", "👍"), ("\u{1B}", "\\u{1B}"), ("\u{212A}", "\\u{212A}"),
    ]
    for (symbol, expected) in shown {
      #expect(try Vocabulary(symbols: [Array(symbol.utf8)], kind: .character).display(0) == expected)
    }
    #expect(Set(try (0..<256).map { try allBytes().display($0) }).count == 256)
    #expect(try allBytes().display(0xE2) == "\\xE2")
  }

  @Test(arguments: ["e\u{301}", "\u{301}", "a\u{20DD}", "👨‍"]) func ofALongSymbolTheBeginningIsDisplayed(part: String)
    throws
  {
    for count in [1, 2, 10, 11, 5000] {
      let symbol = String(String.UnicodeScalarView(repeatElement(part.unicodeScalars, count: count).joined()))
      let display = try Vocabulary(symbols: [Array(symbol.utf8)], kind: .character).display(0)
      #expect(display.unicodeScalars.count <= 10 * "\\u{1F468}".count + 1)
      #expect(display.hasSuffix("…") == (symbol.unicodeScalars.count > 10))
    }
    let family = "👩🏽‍❤️‍💋‍👨🏻"
    #expect(try Vocabulary(symbols: [Array(family.utf8)], kind: .character).display(0).hasSuffix("…") == false)
  }

  /// Composing all of this symbol would take minutes.
  @Test func ofASymbolOfManyMarksNoMoreIsComposedThanIsShown() throws {
    let symbol = "e" + String(repeating: "\u{301}\u{316}", count: 100_000)
    #expect(try Vocabulary(symbols: [Array(symbol.utf8)], kind: .character).display(0).hasPrefix("e\\u{301}\\u{316}"))
  }

  @Test func anIdOutsideTheVocabularyTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = try Vocabulary(symbols: [[97]], kind: .byte)[1]
    }
  }
}
