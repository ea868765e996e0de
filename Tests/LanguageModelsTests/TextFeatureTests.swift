import LanguageModels
import SequenceText
import Testing

@Suite struct TextFeatureTests {
  /// Values of a feature, a digit for each scalar.
  private func values(_ feature: TextFeature, _ text: String) throws -> String {
    let corpus = try sampleCorpus(text, kind: .scalar)
    let shape = ModelShape(Architecture(cell: .rnn, layers: 1, hidden: 2), vocabulary: corpus.vocabulary.count)
    let file = ModelFile(model: CharacterModel<Float>.sample(shape), vocabulary: corpus.vocabulary)
    let pieces = try TextSurprise(of: file, on: corpus).pieces
    return try feature.values(of: pieces).map { String(Int($0)) }.joined()
  }

  @Test(arguments: [
    (#"a "bc" d"#, "00111000"), (#"x "a\"b" c"#, "0011111000"), ("“a” „b“ «c»", "11001100110"), ("\"a\n\nb", "11100"),
    ("\"a\nb\"c", "111100"), ("it's", "0000"), ("\"a\r\nb\"c", "1111100"), ("\"a\r\n\r\nb", "1111000"),
  ])
  func quotesAreBetweenMarks(text: String, expected: String) throws {
    let found = try values(.quotes, text)
    #expect(found == expected, "\(text)")
  }

  @Test func bracketsCountTheirDepth() throws { #expect(try values(.brackets, "a(b[c]{d})) e") == "0112212210000") }

  @Test func thePositionInALineIsSinceItsBeginning() throws {
    #expect(try values(.linePosition, "ab\n\nabc\nd") == "120012301")
  }

  @Test func thePositionInAWordIsSinceItsBeginning() throws {
    #expect(try values(.wordPosition, "ab, cdé1f") == "120012301")
  }

  @Test func indentationIsThatOfTheLine() throws {
    #expect(try values(.indentation, "  a b\n\tc\nd ") == "1222201100" + "0")
  }

  @Test func capitalsAreUpperCase() throws { #expect(try values(.capitals, "aBÉ1 C") == "011001") }

  @Test func anExpressionThatTakesTooLongIsAnError() throws {
    let text = String(repeating: "a", count: 2000)
    #expect(throws: TextFeatureError.costlyExpression("(a+)+b")) { try values(.matches("(a+)+b"), text) }
  }

  @Test func matchesAreThoseOfTheExpression() throws {
    #expect(try values(.matches("b+"), "abbcb") == "01101")
    #expect(try values(.matches("^.$"), "a\nbb\nc") == "100001")
    #expect(throws: TextFeatureError.invalidExpression("(")) { try values(.matches("("), "ab") }
  }

  /// Tokens of several characters and line ends: a word with a part in a match is matched, and what follows a line end begins the next
  /// line.
  @Test func tokensOfWordsHaveTheFeaturesOfTheirEnds() throws {
    let text = "the fox\n  ran\n\n  the fox\n"
    let corpus = try sampleCorpus(text, kind: .word)
    let shape = ModelShape(Architecture(cell: .rnn, layers: 1, hidden: 2), vocabulary: corpus.vocabulary.count)
    let file = ModelFile(model: CharacterModel<Float>.sample(shape), vocabulary: corpus.vocabulary)
    let surprise = try TextSurprise(of: file, on: corpus)
    let pieces = surprise.pieces
    let texts = pieces.bytes.map { String(decoding: $0, as: UTF8.self) }
    #expect(texts.contains(" fox"), "\(texts)")
    let matched = try TextFeature.matches("fox").values(of: pieces)
    #expect(zip(texts, matched).filter { $0.0 == " fox" }.allSatisfy { $0.1 == 1 })
    #expect(texts.joined() == text)
    #expect(surprise.lines.map(\.number).last == 4 && surprise.lines[0].number == 1)
    let indentation = try TextFeature.indentation.values(of: pieces)
    let last = try #require(texts.lastIndex(of: " fox"))
    #expect(indentation[last] == 2, "\(zip(texts, indentation).map { "\($0)" })")
  }

  /// A line is shown under its number also where a token holds several line ends.
  @Test(arguments: TokenKind.allCases) func linesHaveTheirNumbers(kind: TokenKind) throws {
    let text = String(repeating: "one fox\n\n\n  two\r\nthree\r", count: 6)
    let corpus = try sampleCorpus(text, kind: kind)
    let shape = ModelShape(Architecture(cell: .rnn, layers: 1, hidden: 2), vocabulary: corpus.vocabulary.count)
    let file = ModelFile(model: CharacterModel<Float>.sample(shape), vocabulary: corpus.vocabulary)
    let surprise = try TextSurprise(of: file, on: corpus)
    for line in surprise.lines {
      let shown = surprise.pieces.text(line.pieces)
      let number = [("one", 0), ("two", 3), ("three", 4)].first { shown.contains($0.0) }?.1 ?? 1
      #expect((line.number - 1) % 5 == number || shown.allSatisfy(\.isNewline), "\(line.number): \(shown)")
    }
    let ends = text.utf8.count { $0 == 10 } + 6
    #expect(ends == 30)
  }
}
