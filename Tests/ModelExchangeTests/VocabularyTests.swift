import CharrnnTestSupport
import Foundation
import ModelExchange
import SequenceText
import Testing

@Suite struct VocabularyTests {
  private let directory: ScratchDirectory

  init() throws { directory = try ScratchDirectory() }

  private func read(_ text: String, kind: TokenKind? = nil) throws -> ImportedVocabulary {
    let path = directory.path + "/symbols"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try ImportedVocabulary(contentsOf: path, kind: kind)
  }

  @Test(arguments: [
    #"["b", "a", "\n", "é"]"#, #"{"a": 1, "b": 0, "é": 3, "\n": 2}"#, #"{"0":"b","2":"\n","3":"é","1":"a"}"#,
    #"{"1":"b","2":"a","4":"é","3":"\n"}"#, #"{"b": 1, "a": 2, "\n": 3, "é": 4}"#,
    #"{"token_to_idx": {"b": 1, "a": 2, "\n": 3, "é": 4}, "idx_to_token": {"1": "b", "2": "a", "3": "\n", "4": "é"}}"#,
    #"{"char_indices": {"b": 0, "a": 1, "\n": 2, "é": 3}}"#, #"{"cell": "gru", "vocabulary": ["b", "a", "\n", "é"]}"#,
    "b\na\n\\n\né\n", "b\na\n\\n\né",
    "b\r\na\r\n\\n\r\né\r\n", #""ba\né""#, #"{"all_characters": "ba\né"}"#, #"{"tokens": ["b", "a", "\n", "é"]}"#,
    #"{"vocabulary": {"b": 0, "a": 1, "\n": 2, "é": 3}}"#, #"{"token_to_id": {"b": 0, "a": 1, "\n": 2, "é": 3}}"#,
    #"{"added_tokens": [{"id": 0}], "model": {"type": "WordLevel", "vocab": {"b": 0, "a": 1, "\n": 2, "é": 3}}}"#,
    #"{"vocab": {"itos": ["b", "a", "\n", "é"], "stoi": {"b": 0, "a": 1, "\n": 2, "é": 3}}, "x": null, "y": -1.5}"#,
    "\u{FEFF}b\na\n\\n\né\n", "\u{FEFF}[\"b\", \"a\", \"\\n\", \"é\"]",
  ])
  func everyFormGivesTheSymbolsInTheModelsOrder(text: String) throws {
    let vocabulary = try read(text)
    #expect(vocabulary.symbols == ["b", "a", "\n", "é"].map { Array($0.utf8) })
    #expect(vocabulary.kind == .scalar)
  }

  @Test func theKindIsTheNarrowestOrTheOneAskedFor() throws {
    #expect(try read(#"["a", "e\u0301"]"#).kind == .character)
    #expect(try read(#"["a", "b"]"#, kind: .character).kind == .character)
    let bytes = try read("[255, 0, 10]")
    #expect(bytes.kind == .byte && bytes.symbols == [[255], [0], [10]])
    #expect(try read("[\n{\n").symbols == [Array("[".utf8), Array("{".utf8)], "lines of brackets are no JSON")
    for line in ["\\", "\\\\"] { #expect(try read("a\n\(line)\n").symbols[1] == [UInt8(ascii: "\\")]) }
  }

  /// Kelvin and ohm signs are canonically equivalent to letters, and so are an é of one scalar and one of two.
  @Test(arguments: [
    #"["K", "\u212A", "Ω", "\u2126", "é", "e\u0301"]"#,
    #"{"K": 0, "\u212A": 1, "Ω": 2, "\u2126": 3, "é": 4, "e\u0301": 5}"#,
    #"{"stoi": {"K": 0, "\u212A": 1, "Ω": 2, "\u2126": 3, "é": 4, "e\u0301": 5}}"#,
  ])
  func symbolsOfOtherBytesAreOthers(text: String) throws {
    let symbols = ["K", "\u{212A}", "\u{3A9}", "\u{2126}", "\u{E9}", "e\u{301}"].map { Array($0.utf8) }
    #expect(try read(text).symbols == symbols)
  }

  @Test func symbolsThatNoTextHasAreTold() throws {
    let vocabulary = try read(#"["<pad>", "a", "[UNK]", "b", "__eos__", "", "<s>"]"#)
    #expect(vocabulary.symbols == [[97], [98]] && vocabulary.kind == .scalar)
    #expect(vocabulary.special == ["<pad>", "[UNK]", "__eos__", "", "<s>"].map { Array($0.utf8) })
  }

  @Test func settingsOfAnExportSayTheKindOfToken() throws {
    #expect(try read(#"{"tokens": "character", "tied": false, "vocabulary": ["\n", "ab"]}"#).kind == .character)
    #expect(try read(#"{"tokens": "byte", "vocabulary": [10, 97]}"#).symbols == [[10], [97]])
  }

  @Test func aByteOrderMarkOnALineIsASymbol() throws {
    #expect(try read("\u{FEFF}\na\n").symbols == [Array("\u{FEFF}".utf8), [97]])
  }

  @Test(arguments: [
    ("[1, 256]", "the number 256 is no byte"), (#"["a", 1]"#, "is a JSON object that maps neither"),
    (#"{"a": 0, "b": 2}"#, "no symbol has the number 1, of 2 symbols"),
    (#"{"a": 0, "b": 0}"#, "two symbols have the number 0"), (#"{"a": 0, "a": 1}"#, #"the symbol "a" stands twice"#),
    (#"["a", "a"]"#, #"has the symbol "a" twice"#), ("[]", "has no symbols"), ("a\n\nb", "line 2 is empty"),
    ("\n !abcdefghijklmnopqrstuvwxyz", "line 2 holds many symbols"), ("a\n\\q", "line 2 has an unknown escape"),
    (#"{"a": "b"}"#, "is a JSON object that maps neither"),
    (#"{"-3": "a", "0": "b"}"#, "a symbol has the number -3; numbers run from 0, or from 1"),
    (#"{"a": 0, "b": [1]}"#, "is a JSON object that maps neither"),
    (#"["a", "the"]"#, #"symbol "the" is not a character"#),
    (#"{"stoi": {"a": 0}, "chars": ["b"]}"#, #"the symbols under "stoi", "chars" are not the same"#),
    (#"{"idx_to_token": {"0": "a", "idx_to_token": {"0": "b"}}}"#, "is a JSON object that maps neither"),
    (#"{"idx_to_token": {"vocabulary": ["a"]}}"#, "is a JSON object that maps neither"),
    (#"{"a": [}"#, "is no JSON list or object of symbols"), ("", "has no symbols"),
  ])
  func aFileThatIsNoVocabularyIsRefused(text: String, problem: String) throws {
    let error = #expect(throws: ImportedVocabularyError.self) { try read(text) }
    #expect(error.map { "\($0)".contains(problem) } ?? false, "\(String(describing: error))")
  }

  @Test(arguments: [#"{"idx_to_token":"#, #"{"vocabulary":"#, "[", #"{"a":"#])
  func aFileOfObjectsWithinEachOtherIsRefused(start: String) throws {
    let error = #expect(throws: ImportedVocabularyError.self) {
      try read(String(repeating: start, count: (16 << 20) / start.utf8.count))
    }
    guard case .json? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// Texts and lines of far more symbols than a model has are refused before each is looked at.
  @Test func asManySymbolsAsAModelMayHaveAreRead() throws {
    let text = String(repeating: "ab", count: 200_000)
    for form in ["\"\(text)\"", text.map { "\($0)" }.joined(separator: "\n")] {
      let error = #expect(throws: ImportedVocabularyError.self) { try read(form) }
      guard case .vocabulary(.tooManySymbols)? = error?.problem else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }
}
