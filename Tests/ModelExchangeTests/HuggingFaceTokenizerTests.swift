import CharrnnTestSupport
import Foundation
import ModelExchange
import SequenceText
import Testing

/// Texts and what `tokenizers` makes of them: see `Tests/Fixtures/generate_tokenizer.py`.
@Suite struct HuggingFaceTokenizerTests {
  private let workplace: ScratchDirectory
  private let base: [String: Any]

  init() throws {
    workplace = try ScratchDirectory()
    base = try Self.object("tokenizer/tokenizer.json")
  }

  private static func object(_ fixture: String) throws -> [String: Any] {
    let data = try Data(contentsOf: Repository.fixture(fixture))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The tokenizer of the fixture with some members in the place of its own, those of `model` one by one.
  ///
  /// - Parameter number: what is written in the place of the number 987654321.
  private func tokenizer(
    _ changes: [String: Any] = [:], number: String = "987654321"
  ) throws -> HuggingFaceTokenizer {
    var file = base
    for (name, value) in changes {
      if name == "model", let changes = value as? [String: Any] {
        var model = try #require(file["model"] as? [String: Any])
        for (name, value) in changes { model[name] = value }
        file["model"] = model
      } else {
        file[name] = value
      }
    }
    let data = try JSONSerialization.data(withJSONObject: file)
    return try tokenizer(of: String(decoding: data, as: UTF8.self).replacing("987654321", with: number))
  }

  private func tokenizer(of text: String) throws -> HuggingFaceTokenizer {
    let path = "\(workplace.path)/tokenizer.json"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try HuggingFaceTokenizer(contentsOf: path)
  }

  /// The symbols of the fixture with their ids, with some in the place of others.
  private func symbols(_ changes: [String: Int], without others: [String] = []) throws -> [String: Int] {
    let model = try #require(base["model"] as? [String: Any])
    let symbols = try #require(model["vocab"] as? [String: Int])
    return symbols.filter { !others.contains($0.key) }.merging(changes) { $1 }
  }

  /// Requires that something is refused with a message that begins so after the name of the file.
  private func requireRefusal(
    _ fragment: String, location: SourceLocation = #_sourceLocation, _ body: () throws -> Any
  ) {
    let error = #expect(throws: HuggingFaceTokenizerError.self, "\(fragment)", sourceLocation: location) {
      _ = try body()
    }
    let message = "\(workplace.path)/tokenizer.json: \(fragment)"
    #expect(error?.description.hasPrefix(message) == true, "\(String(describing: error))", sourceLocation: location)
  }

  @Test func idsAreThoseOfThePackage() throws {
    let file = try Self.object("tokenizer/ids.json")
    let texts = try #require(file["texts"] as? [String])
    let cases = try #require(file["cases"] as? [[String: Any]])
    #expect(cases.count > 5 && texts.count > 70)
    for entry in cases {
      let name = try #require(entry["name"] as? String)
      let ids = try #require(entry["ids"] as? [[Int]])
      let tokenizer = try tokenizer(#require(entry["changes"] as? [String: Any]))
      for (text, ids) in zip(texts, ids) {
        #expect(tokenizer.encode(text).map { Int($0) } == ids, "\(name): \(text.debugDescription)")
      }
    }
  }

  @Test func aTextComesBackFromItsIDs() throws {
    let tokenizer = try tokenizer()
    let text = "The fox, 狐狸 – e\u{301} \u{0}\r\n<|endoftext|>"
    #expect(tokenizer.decode(tokenizer.encode(text)) == Array(text.utf8))
  }

  @Test func theVocabularyToTrainSpellsTheSameTokens() throws {
    let tokenizer = try tokenizer()
    let vocabulary = try tokenizer.vocabularyToTrain()
    let text = "The fox and the crow.<|endoftext|>\nThe crow's cheese"
    #expect(try Tokenizer(vocabulary).encode(text).tokens == tokenizer.encode(text))
    #expect(vocabulary.id(of: Array("<|endoftext|>".utf8)) == 0)
  }

  @Test func aTokenizerThatChangesTextIsNotForTraining() throws {
    let level: [String: Any] = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true]
    let changes: [([String: Any], String)] = [
      (
        ["add_prefix_space": true],
        "pre_tokenizer.add_prefix_space is true: its tokens do not spell every text as it is, and a model is trained on those that "
          + "do; set it to false and learn the tokenizer anew"
      ),
      (
        ["use_regex": false],
        "pre_tokenizer.use_regex is false: it spells a text as a whole, and a text to train on is cut into pieces first; set it to "
          + "true and learn the tokenizer anew"
      ),
    ]
    for (change, message) in changes {
      let tokenizer = try tokenizer(["pre_tokenizer": level.merging(change) { $1 }])
      requireRefusal(message) { try tokenizer.vocabularyToTrain() }
    }
  }

  @Test func addedSymbolsThatOverlapThoseFoundFirstAreNotForTraining() throws {
    func vocabulary(_ other: String) throws -> Vocabulary {
      try tokenizer([
        "added_tokens": [
          ["id": 480, "content": "<xy>", "normalized": false], ["id": 481, "content": other, "normalized": true],
        ]
      ]).vocabularyToTrain()
    }
    for other in ["a<xy>b", "<xy>b", "a<", "a<xy", "<x><"] {
      let error = #expect(throws: HuggingFaceTokenizerError.self, "\(other)") { try vocabulary(other) }
      #expect(error?.description.contains("added_tokens.normalized") == true)
    }
    for other in ["xy>", "<x", "a<x>", "y>b"] { #expect(try vocabulary(other).added == [480, 481], "\(other)") }
  }

  @Test func whatElseDecidesIDsIsRefusedByItsName() throws {
    let split: [String: Any] = ["type": "Split", "pattern": ["Regex": "a"], "behavior": "Isolated", "invert": false]
    let level: [String: Any] = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true]
    let added: [String: Any] = ["id": 480, "content": "<x>", "normalized": false]
    let refused: [([String: Any], String)] = [
      (["pre_tokenizer": split], "pre_tokenizer is Split"),
      (
        ["pre_tokenizer": ["type": "Sequence", "pretokenizers": [split, level]]],
        "pre_tokenizer.pretokenizers[0] is Split"
      ),
      (
        ["pre_tokenizer": ["type": "Sequence", "pretokenizers": [level, split]]],
        "pre_tokenizer.pretokenizers[1] is Split"
      ),
      (["pre_tokenizer": ["type": "Sequence", "pretokenizers": [split]]], "pre_tokenizer.pretokenizers[0] is Split"),
      (
        ["pre_tokenizer": ["type": "Sequence", "pretokenizers": [level, level]]],
        "pretokenizers[1] is a second ByteLevel"
      ),
      (["pre_tokenizer": ["type": "Sequence", "pretokenizers": [Any]()]], "pre_tokenizer is Sequence"),
      (
        ["post_processor": ["type": "Sequence", "processors": [level, ["type": "TemplateProcessing"]]]],
        "post_processor.processors[1] is TemplateProcessing"
      ),
      (["pre_tokenizer": NSNull()], "pre_tokenizer is null"),
      (["pre_tokenizer": level.merging(["mode": 1]) { $1 }], "pre_tokenizer.mode"),
      (["normalizer": ["type": "NFC"]], "normalizer is NFC"),
      (["post_processor": ["type": "TemplateProcessing"]], "post_processor is TemplateProcessing"),
      (["decoder": ["type": "Metaspace"]], "decoder is Metaspace"),
      (["truncation": ["max_length": 8]], "truncation"), (["padding": ["length": 8]], "padding"),
      (["other": 1], "other"),
      (["model": ["type": "WordPiece", "continuing_subword_prefix": "##"]], "model.type is WordPiece"),
      (["model": ["type": "WordLevel"], "normalizer": ["type": "Lowercase"]], "model.type is WordLevel"),
      (["model": ["vocab": [["a", -1.5]]]], "model.vocab is a list"), (["model": ["dropout": 0.1]], "model.dropout"),
      (["model": ["byte_fallback": true]], "model.byte_fallback"),
      (["model": ["end_of_word_suffix": "</w>"]], "model.end_of_word_suffix"),
      (["model": ["continuing_subword_prefix": "##"]], "model.continuing_subword_prefix"),
      (["added_tokens": [added.merging(["lstrip": true]) { $1 }]], "added_tokens.lstrip"),
      (["added_tokens": [added.merging(["single_word": true]) { $1 }]], "added_tokens.single_word"),
      (["added_tokens": [added.merging(["id": 500]) { $1 }]], "no symbol has the id 480"),
      (["added_tokens": [added.merging(["id": 7]) { $1 }]], "two symbols have the id 7"),
      (["added_tokens": [added.merging(["content": "!"]) { $1 }]], "has the id 480"),
      (["model": ["merges": ["a b c"]]], "merge 0"), (["model": ["merges": [["a", "\u{20AC}"]]]], "merge 0"),
      (["model": ["merges": [["a", "b", "c", "d"]]]], "merge 0"),
      (["model": ["vocab": ["a", "b"]]], "model.vocab is a list"),
      (["model": ["vocab": [String: Int](), "merges": [Any]()], "added_tokens": [Any]()], "has no symbols"),
    ]
    for (change, fragment) in refused {
      let error = #expect(throws: HuggingFaceTokenizerError.self, "\(fragment)") { try tokenizer(change) }
      #expect(error?.description.contains(fragment) == true, "\(fragment): \(String(describing: error))")
    }
  }

  @Test(arguments: [#""type": "Unigram", "vocab": $"#, #""vocab": $, "type": "Unigram""#])
  func aModelWithAListOfSymbolsIsRefusedByItsType(members: String) throws {
    let list = #"[["<unk>", 0.0], ["a", -1.5]]"#
    let text =
      #"{"normalizer": {"type": "Precompiled"}, "model": {"unk_id": 0, \#(members.replacing("$", with: list))}}"#
    requireRefusal("model.type is Unigram, which is not read here") { try tokenizer(of: text) }
  }

  /// The memory that a file takes is bounded by what a tokenizer may have, not by the length of the file.
  @Test func smallPartsThatAreLargeTogetherAreRefused() throws {
    let objects = "[" + Array(repeating: #"{"a":1}"#, count: 1000).joined(separator: ",") + "]"
    let texts =
      "[" + Array(repeating: "\"\(String(repeating: "a", count: 1 << 20))\"", count: 5).joined(separator: ",") + "]"
    let lists = "[" + Array(repeating: objects, count: 40).joined(separator: ",") + "]"
    let names =
      "{" + (0..<2000).map { "\"\($0)\(String(repeating: "a", count: 4000))\":1" }.joined(separator: ",") + "}"
    for part in [lists, texts, names, "\"\(String(repeating: "a", count: 5 << 20))\""] {
      for text in [#"{"post_processor":\#(part)}"#, #"{"model":{"other":\#(part)}}"#] {
        requireRefusal("has more than 65536 values or 4194304 bytes beside the symbols and merges of its model") {
          try tokenizer(of: text)
        }
      }
    }
    // Members share the room.
    requireRefusal("has more than 65536 values") {
      let parts = (0..<40).map { "\"part\($0)\":\(objects)" }
      return try tokenizer(of: "{\(parts.joined(separator: ","))}")
    }
  }

  @Test(arguments: ["-1", "1e30", "256.0", "9223372036854775808", "2147483648", "null", "\"7\"", "[7]"])
  func anIDThatIsNoneIsRefusedWithItsSymbol(id: String) throws {
    let problem = "is no whole number from 0 to 2147483647"
    requireRefusal("the id of the symbol \"thx\" \(problem)") {
      try tokenizer(["model": ["vocab": symbols(["thx": 987_654_321])]], number: id)
    }
    requireRefusal("the id of the added token \"<x>\" \(problem)") {
      try tokenizer(["added_tokens": [["id": 987_654_321, "content": "<x>"]]], number: id)
    }
  }

  @Test func aGapBeforeAnIDIsRefusedWithItsSymbol() throws {
    requireRefusal(#"no symbol has the id 480, and "thx" has 500; ids run from 0 without a gap"#) {
      try tokenizer(["model": ["vocab": symbols(["thx": 500, "thy": 501])]])
    }
    requireRefusal(#"no symbol has the id 480, and "<x>" has 2147483647; ids run from 0 without a gap"#) {
      try tokenizer(["added_tokens": [["id": Int(Int32.max), "content": "<x>"]]])
    }
  }

  @Test func anAddedTokenThatIsNoneIsRefusedWithItsPlaceOrName() throws {
    let first: [String: Any] = ["id": 480, "content": "<x>"]
    let refused: [([Any], String)] = [
      ([first, ["id": 481, "content": ""]], "added_tokens[1] has no content"),
      ([first, 1], "added_tokens[1] has no content"),
      ([["id": 480]], "added_tokens[0] has no content"),
      ([first, ["id": 481, "content": "<x>"]], #"the added token "<x>" is there twice"#),
      ([["id": 480, "content": String(repeating: "x", count: 257)]], #"the added token "xxx"#),
    ]
    for (tokens, message) in refused { requireRefusal(message) { try tokenizer(["added_tokens": tokens]) } }
  }

  @Test func moreAddedTokensThanAreReadAreRefusedAsSuch() throws {
    for count in [4097, 70_000] {
      let tokens = (0..<count).map { ["id": 480 + $0, "content": "<\($0)>"] as [String: Any] }
      requireRefusal("added_tokens has more than 4096 tokens") { try tokenizer(["added_tokens": tokens]) }
    }
    let tokens = (0..<4096).map { ["id": 480 + $0, "content": "<\($0)>", "normalized": false] as [String: Any] }
    #expect(try tokenizer(["added_tokens": tokens]).encode("<4095><0>") == [4575, 480])
  }

  /// A vocabulary has a symbol once; the package would have two ids for it.
  @Test func anAddedTokenOfTheBytesOfASymbolIsRefusedByItsName() throws {
    let symbols = try symbols(["\u{120}\u{120}": 480])
    for (token, symbol) in [("  ", "\u{120}\u{120}"), (" the", "\u{120}the"), ("\u{430}", "\u{D0}\u{B0}")] {
      let id = try #require(symbols[symbol])
      requireRefusal(#"the added token "\#(token)" has the bytes of the symbol with the id \#(id), and a vocabulary"#) {
        try tokenizer(["model": ["vocab": symbols], "added_tokens": [["id": 481, "content": token]]])
      }
    }
  }

  /// In the package the id of an added token `é` is that of the byte that `é` stands for, too.
  @Test func anAddedTokenThatIsWrittenAsASymbolOfOtherBytesIsRefusedByItsName() throws {
    for symbol in ["\u{E9}", "\u{120}the"] {
      let id = try #require(try symbols([:])[symbol])
      requireRefusal(
        #"the added token "\#(symbol)" is written as the symbol with the id \#(id), which spells other bytes"#
      ) {
        try tokenizer(["added_tokens": [["id": id, "content": symbol]]])
      }
    }
    var changes: [String: Any] = ["vocab": try symbols(["<\u{E9}>": 480])]
    let tokens: [[String: Any]] = [["id": 480, "content": "<\u{E9}>"]]
    #expect(try tokenizer(["model": changes, "added_tokens": tokens]).encode("<\u{E9}>") == [480])
    changes["ignore_merges"] = true
    requireRefusal("the added token \"<\u{E9}>\" is written as") {
      try tokenizer(["model": changes, "added_tokens": tokens])
    }
  }

  /// The package numbers added tokens in their order, whatever ids the file gives them.
  @Test func addedTokensInAnotherOrderThanTheirIDsAreRefused() throws {
    let tokens: [[String: Any]] = [["id": 481, "content": "<a>"], ["id": 480, "content": "<b>"]]
    requireRefusal("the added token \"<a>\" has the id 481, and by its place 480; list added tokens by their ids") {
      try tokenizer(["added_tokens": tokens])
    }
    #expect(try tokenizer(["added_tokens": Array(tokens.reversed())]).encode("<a>") == [481])
  }

  @Test func aMissingByteIsRefusedWithARemedyForThePackage() throws {
    let id = try #require(try symbols([:])["!"])
    let message = "the vocabulary lacks the byte 33; words and subwords need all 256"
    requireRefusal("\(message); train the tokenizer with initial_alphabet=pre_tokenizers.ByteLevel.alphabet()") {
      try tokenizer(["model": ["vocab": symbols(["thx": id], without: ["!"]), "merges": [String]()]])
    }
    #expect(VocabularyError.missingByte(33).description == message)
  }

  @Test func aNameThatIsNotReadIsShownInPrintableCharacters() throws {
    requireRefusal(#"\u{1B}[31mred\u{202E} is not read here"#) { try tokenizer(["\u{1B}[31mred\u{202E}": 1]) }
  }

  @Test func aFileThatIsNoTokenizerIsRefusedWithItsName() throws {
    let path = "\(workplace.path)/other.json"
    for content in [
      "", "[]", "{}", "{\"model\": null}", "{\"model\": {\"vocab\": {\"a\": 0}}}", "\u{FEFF}{}",
      "{\"a\": [[[[[[[[[[1]]]]]]]]]]}",
    ] {
      try Data(content.utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: HuggingFaceTokenizerError.self, "\(content)") {
        try HuggingFaceTokenizer(contentsOf: path)
      }
      #expect(error?.description.hasPrefix(path) == true)
    }
    #expect(throws: (any Error).self) { try HuggingFaceTokenizer(contentsOf: workplace.path + "/nothing") }
  }
}
