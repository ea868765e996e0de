import CharrnnTestSupport
import Foundation
import LanguageModels
import SequenceText
import TensorCore
import Testing

@Suite struct TokenAutomatonTests {
  private static let patterns = [
    "abc", "a*", "(ab|ba)+", "a{2,4}b?", "[^a]+", ".{3}", "a.c", "(a|b)*c", "\\w+ \\w+", "[a-c]{2} ?", "(?:é|a)+",
    "\\S{1,3}",
    "^a+?b$", "\\d*|ba", "(|a)b", "((a|b)c){2}", "[\\s\\d]a", "\\.?a", "é?b+", "[^\\wé]|aa",
  ]

  /// Whether a whole text matches a pattern, by Foundation's regular expressions.
  private func matcher(_ pattern: String) throws -> (String) -> Bool {
    let expression = try NSRegularExpression(pattern: "\\A(?:\(pattern))\\z", options: .useUnixLineSeparators)
    return { text in expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil }
  }

  /// A token may follow exactly where some text of the length that begins so matches. All texts are tried.
  @Test(arguments: patterns)
  func aTokenMayFollowWhereSomeMatchDoes(pattern: String) throws {
    let (symbols, length) = (["a", "b", "c", "é", " ", "1"], 4)
    let vocabulary = try Vocabulary(symbols: symbols.map { Array($0.utf8) }, kind: .scalar)
    let automaton = try TokenAutomaton(TextPattern(pattern), over: vocabulary)
    let matches = try matcher(pattern)
    var texts: [[Int32]] = [[]]
    var matching: [Set<[Int32]>] = []
    for _ in 0...length {
      let found = texts.filter { matches(text($0, vocabulary)) }
      matching.append(Set(found))
      texts = texts.flatMap { text in symbols.indices.map { text + [Int32($0)] } }
    }
    // Beginnings of matches of at most `length` tokens.
    let begun = matching.reduce(into: Set<[Int32]>()) { begun, texts in
      for text in texts { for count in 0...text.count { begun.insert(Array(text.prefix(count))) } }
    }
    #expect(begun.contains([]))
    for prefix in begun {
      let state = try #require(automaton.state(after: prefix))
      #expect(automaton.accepts(state) == matching[prefix.count].contains(prefix), "\(pattern): \(prefix)")
      if prefix.count == length { continue }
      let allowed = automaton.allowed(in: state, left: length - prefix.count)
      #expect(
        allowed == symbols.indices.map { begun.contains(prefix + [Int32($0)]) }, "\(pattern): after \(prefix)")
    }
  }

  private func text(_ tokens: [Int32], _ vocabulary: Vocabulary) -> String {
    String(decoding: Tokenizer(vocabulary).decode(tokens), as: UTF8.self)
  }

  /// Whatever the kind of token, what is written matches as a whole.
  @Test(arguments: TokenKind.allCases)
  func whatIsWrittenMatches(kind: TokenKind) throws {
    let corpus = try sampleCorpus("naïve café, 1234 日本 ☕️ ok.\nA fox and a crow", kind: kind)
    let model = CharacterModel<Float>.sample(
      ModelShape(Architecture(cell: .gru, layers: 1, hidden: 6), vocabulary: corpus.vocabulary.count))
    let generator = TextGenerator(model: model, vocabulary: corpus.vocabulary)
    let patterns = [
      "[a-z]+ [a-z]+", "\\w{3,8}", "(fox|crow)( and (fox|crow))*", ".*", ".{5}.*☕?", "[^a-z]{1,9}", "\\d{4}|日.本",
      "[é-ï]+a*",
    ]
    // In debug builds the automaton of a pattern over hundreds of symbols takes seconds.
    for pattern in sweep(debug: kind.isOfPieces ? Array(patterns.prefix(2)) : patterns, release: patterns) {
      let matches = try matcher(pattern)
      let automaton = try TokenAutomaton(TextPattern(pattern), over: corpus.vocabulary)
      let count = amount(debug: 12, release: 160)
      var texts = [String](repeating: "", count: count)
      try generator.generate(
        count: count, length: 25, options: SamplingOptions(temperature: 1.5),
        constraints: TextConstraints(pattern: automaton), seed: 1
      ) { texts[$0] += $1 }
      for text in texts { #expect(matches(text), "\(pattern): \(text)") }
    }
  }

  /// Where a match could end, the text ends with the probability of all tokens that could not go on.
  @Test func aMatchEndsAsOftenAsTheModelLeavesIt() throws {
    let corpus = try sampleCorpus(String(repeating: "aab", count: 400))
    var settings = TrainingSettings()
    (settings.layers, settings.hidden, settings.learningRate, settings.batch, settings.length) = (1, 16, 0.02, 4, 20)
    let run = try CharacterRun(settings: settings, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 60), reporting: TrainingReporting(sampleEvery: 0))
    let generator = TextGenerator(model: run.model, vocabulary: corpus.vocabulary)
    let automaton = try TokenAutomaton(TextPattern("a*"), over: corpus.vocabulary)
    let b = Array(try Tokenizer(corpus.vocabulary).encode("aab").tokens)
    let text = generator.text(
      prime: b, length: 50, options: SamplingOptions(temperature: 0), constraints: TextConstraints(pattern: automaton),
      seed: 1)
    #expect(text == "aab" + "aa")
  }

  @Test(
    arguments: [
      ("a(", "a ( without its ), at character 2"), ("a)", "a ) without its (, at character 2"),
      ("*", "nothing before *"),
      ("a**", "a repetition of a repetition"), ("[a", "a [ without its ]"), ("a{2,1}", "{ is not followed by"),
      ("a{x", "{ is not followed by"), ("a{5000}", "more than 1000"), ("(?=a)", "(? begins only (?: )"),
      ("\\1", "\\1 is not known"),
      ("\\b", "\\b is not known"), ("a\\", "a backslash at the end"), ("a^", "the whole text is to match"),
      ("[z-a]", "a range that ends"),
      (String(repeating: "(", count: 300), "nested too deeply"),
    ])
  func anErrorSaysWhatAndWhere(pattern: String, words: String) {
    let error = #expect(throws: PatternError.self) { try TextPattern(pattern) }
    #expect("\(error!)".contains(words), "\(error!)")
  }

  @Test func whatCannotBeWrittenIsRefused() throws {
    let vocabulary = try sampleCorpus("abc").vocabulary
    func automaton(_ pattern: String) throws -> TokenAutomaton {
      try TokenAutomaton(TextPattern(pattern), over: vocabulary)
    }
    #expect(throws: PatternError.self) { try automaton("ax?x") }
    #expect(throws: PatternError.self) { try automaton("(a|b)*a(a|b){30}") }
    #expect(throws: PatternError.self) { try automaton("((a{100}){100}){100}") }
    try automaton("a{7}b*").requireLength(7)
    let error = #expect(throws: PatternError.self) { try automaton("a{7}b*").requireLength(6) }
    #expect("\(error!)".contains("at least 7 tokens, and 6 may be written"))
  }
}
