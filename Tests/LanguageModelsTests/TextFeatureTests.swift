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
}
