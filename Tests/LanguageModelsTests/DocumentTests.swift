import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// Training, evaluation and sampling of texts that are made of documents.
@Suite struct DocumentTests {
  private static let names = ["anna", "bob", "carl", "dora", "emil", "fay", "gus", "hanna"]

  /// A list of names, one a line.
  private func list(_ count: Int = 90) throws -> Corpus {
    var random = RandomSource(seed: 2)
    return try sampleCorpus((0..<count).map { _ in Self.names.randomElement(using: &random)! + "\n" }.joined())
  }

  private func settings(_ change: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
    .small { settings in
      (settings.areItems, settings.layers) = (true, 1)
      change(&settings)
    }
  }

  /// Sum of −log p of documents, each read by itself from the initial state after the token that ends one.
  private func loss(of model: CharacterModel<Float>, on documents: [[Int32]], after end: Int32) -> Double {
    documents.reduce(0) { sum, document in
      sum
        + Evaluation.negativeLogLikelihood(
          of: model, on: TextStream(TokenSequence([end] + document)[...]), workspace: Workspace())
    }
  }

  private func documents(_ text: ArrangedCorpus, _ range: Range<Int>) -> [[Int32]] {
    let starts = text.documentStarts!.filter(range.contains)
    return zip(starts, starts.dropFirst() + [range.upperBound]).map { Array(text.corpus.tokens[$0..<$1]) }
  }

  @Test(arguments: CellKind.allCases)
  func evaluationReadsEachDocumentFromTheInitialState(cell: CellKind) throws {
    let corpus = try list()
    let run = try CharacterRun(
      settings: settings { ($0.cell, $0.learnsInitialState) = (cell, cell == .lstm) }, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 15), reporting: quiet)
    let file = run.file(of: run.model, validationLoss: nil)
    let end = try #require(corpus.vocabulary.lineEnd)
    let test = documents(run.text, run.split.test)
    let expected = loss(of: run.model, on: test, after: end)
    let found = try PartEvaluation(of: file, on: corpus, part: .test)
    let tokens = test.reduce(0) { $0 + $1.count }
    #expect(abs(found.loss * Double(tokens) - expected) < 1e-4 && found.tokens == tokens)
    #expect(found.documents == test.count && abs(found.lossPerDocument! - expected / Double(test.count)) < 1e-4)
    let validation = documents(run.text, run.split.validation)
    let mean = loss(of: run.model, on: validation, after: end) / Double(validation.reduce(0) { $0 + $1.count })
    #expect(abs(try #require(run.progress.bestValidationLoss) - mean) < 10, "it was measured")
    let fast = Evaluation.validationLoss(
      of: run.model, on: TextStream(run.text, in: try run.text.reading(.validation)), workspace: Workspace())
    #expect(abs(fast - mean) < 1e-5)
    let mixed = try PartEvaluation(
      of: file, on: corpus, part: .test, adapting: Adaptation(dynamic: DynamicRule(learningRate: 0, decay: 0)))
    #expect(abs(mixed.loss - found.loss) < 1e-6, "segments of a rule that learns nothing")
    let baselines = found.baselines()
    #expect(baselines.fiveGram != nil && baselines.partialMatching < baselines.uniform)
  }

  /// Another text is read by documents, too, and nothing of it is held out.
  @Test func anotherTextIsReadByDocuments() throws {
    let (corpus, end) = (try list(), "\n")
    let run = try CharacterRun(settings: settings(), corpus: corpus)
    let file = run.file(of: run.model, validationLoss: nil)
    let other = try Corpus(text: Array("bob\nanna".utf8), vocabulary: corpus.vocabulary)
    let found = try PartEvaluation(of: file, on: other)
    #expect(found.documents == 2 && found.tokens == 9 && found.part == .all)
    let ids = try ["bob", "anna"].map { Array(try Tokenizer(corpus.vocabulary).encode($0 + end).tokens) }
    #expect(abs(found.loss * 9 - loss(of: run.model, on: ids, after: corpus.vocabulary.lineEnd!)) < 1e-5)
  }

  /// Files of which each is a document have no token that ends them; each begins after a line end.
  @Test func eachFileIsReadFromTheInitialState() throws {
    let files = (0..<30).map { sampleText(40 + $0, seed: UInt64($0)) }
    let corpus = try Corpus(files.map { .memory(Array($0.utf8), name: "file") }, kind: .character)
    let settings = settings { ($0.areItems, $0.filesAreDocuments) = (false, true) }
    let run = try CharacterRun(settings: settings, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 15), reporting: quiet)
    let (file, end) = (run.file(of: run.model, validationLoss: nil), try #require(corpus.vocabulary.lineEnd))
    let test = documents(run.text, run.split.test)
    let found = try PartEvaluation(of: file, on: corpus, part: .test)
    #expect(found.documents == test.count && found.tokens == test.reduce(0) { $0 + $1.count })
    #expect(abs(found.loss * Double(found.tokens) - loss(of: run.model, on: test, after: end)) < 1e-4)
    #expect(file.history?.isOf(try Corpus(text: Array(files.joined().utf8), kind: .character)) == false)
    let generator = TextGenerator(
      model: run.model, vocabulary: corpus.vocabulary, arrangement: run.settings.arrangement)
    let text = generator.text(length: 50, seed: 1)
    let whole = TextGenerator(model: run.model, vocabulary: corpus.vocabulary)
    #expect(text == whole.text(length: 50, seed: 1), "no token ends it")
    #expect(try JSONDecoder().decode(TrainingHistory.self, from: JSONEncoder().encode(file.history)) == file.history)
  }

  /// One file that is most of the text leaves no files to draw parts from.
  @Test func filesAreChosenWherePartsCanBeDrawn() throws {
    func choosesFiles(_ lengths: [Int]) throws -> Bool {
      let files = lengths.enumerated().map {
        TextSource.Place.memory(Array(sampleText($1, seed: UInt64($0)).utf8), name: "f")
      }
      return try TrainingPlan(for: Corpus(files, kind: .character)).settings.filesAreDocuments
    }
    #expect(try choosesFiles([Int](repeating: 50, count: 30)))
    #expect(try !choosesFiles([Int](repeating: 50, count: 19)), "few")
    #expect(try !choosesFiles([20_000] + [Int](repeating: 20, count: 25)))
  }

  /// Resumed within an epoch, with another number of threads, at the same bits.
  @Test(arguments: [5, 20])
  func aRunOfItemsIsResumedExactly(at step: Int) throws {
    let (scratch, corpus) = (try ScratchDirectory(), try list())
    let settings = settings { ($0.dropout, $0.variesLength, $0.averaging) = (0.2, true, 0.2) }
    func train(_ name: String, to steps: Int, threads: Int = 1, from last: Checkpoint? = nil) throws {
      let run = try CharacterRun(
        settings: settings, corpus: corpus, directory: scratch.run(name), resuming: last, threads: threads)
      #expect((8...20).contains(run.stepsPerEpoch), "the step is in another epoch")
      try run.train(limits: TrainingLimits(steps: steps), reporting: quiet)
    }
    try train("whole", to: 31)
    try train("parts", to: step, threads: 2)
    try train("parts", to: 31, from: Checkpoint(contentsOf: scratch.run("parts").last))
    #expect(try bytes(of: scratch.run("whole").last) == bytes(of: scratch.run("parts").last))
    #expect(try bytes(of: scratch.run("whole").best) == bytes(of: scratch.run("parts").best))
  }

  /// The loss of an update is that of its documents, each from the initial state, and of what the streams go on with.
  @Test func anUpdateReadsDocumentsFromTheInitialState() throws {
    let corpus = try list()
    let settings = settings { ($0.batch, $0.length, $0.validationFraction, $0.testFraction) = (1, 60, "0", "0") }
    let run = try CharacterRun(settings: settings, corpus: corpus)
    let model = run.model
    var first: Double?
    try run.train(limits: TrainingLimits(steps: 1), reporting: quiet) { report in
      if case .training(.step(let step)) = report { first = step.loss }
    }
    let batches = try ContiguousBatches(
      documentsOf: run.text, in: .train, batch: 1, length: 60,
      random: RandomSource(seed: 1).substream(UInt64.max - 1))
    let window = batches.window(0..<60, in: batches.order(epoch: 0))
    let tokens = window.inputs + [window.targets[59]]
    var (documents, current) = ([[Int32]](), [Int32]())
    for token in tokens {
      current.append(token)
      if token == corpus.vocabulary.lineEnd { (documents, current) = (documents + [current], []) }
    }
    documents.append(current)
    // Nothing comes before the first document of the epoch, whose first token is read, not predicted.
    let end = try #require(corpus.vocabulary.lineEnd)
    let expected =
      Evaluation.negativeLogLikelihood(
        of: model, on: TextStream(TokenSequence(documents[0])[...]), workspace: Workspace())
      + loss(of: model, on: Array(documents.dropFirst()), after: end)
    #expect(abs(try #require(first) - expected / 60) < 1e-5)
  }

  @Test func aModelOfItemsWritesItemsThatEnd() throws {
    let corpus = try list(300)
    let run = try CharacterRun(
      settings: settings { ($0.hidden, $0.learningRate) = (24, 0.02) }, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 250), reporting: quiet)
    let generator = TextGenerator(
      model: run.model, vocabulary: corpus.vocabulary, arrangement: run.settings.arrangement)
    var items = [String](repeating: "", count: 40)
    try generator.generate(count: 40, length: 30, seed: 1) { items[$0] += $1 }
    #expect(items.allSatisfy { !$0.contains("\n") && !$0.isEmpty })
    #expect(items.count { Self.names.contains($0) } > 30, "\(items)")
    #expect(Set(items).count > 3)
    var begun = [String](repeating: "", count: 5)
    let prime = Array(try Tokenizer(corpus.vocabulary).encode("bob\nha").tokens)
    try generator.generate(count: 5, prime: prime, length: 9, seed: 1) { begun[$0] += $1 }
    #expect(begun.contains("bob\nhanna"), "\(begun)")
    let example = generator.example(length: 60, seed: 3).split(separator: "\n")
    #expect(example.count > 5 && example.dropLast().count { Self.names.contains(String($0)) } > 4, "\(example)")
  }

  /// A document ends where its last token is written, also where the end begins in the prime.
  @Test func anEndMayBeginInThePrime() throws {
    let corpus = try sampleCorpus(String(repeating: "aab--c", count: 300))
    let settings = settings { ($0.areItems, $0.separator, $0.hidden, $0.learningRate) = (false, "b--", 24, 0.02) }
    let run = try CharacterRun(settings: settings, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 250), reporting: quiet)
    func text(_ prime: String, _ arrangement: CorpusArrangement, stop: String? = nil) throws -> String {
      let generator = TextGenerator(model: run.model, vocabulary: corpus.vocabulary, arrangement: arrangement)
      let tokens = Array(try Tokenizer(corpus.vocabulary).encode(prime).tokens)
      return generator.text(
        prime: tokens, length: 12, options: SamplingOptions(temperature: 0), constraints: TextConstraints(stop: stop),
        seed: 1)
    }
    let documents = settings.arrangement
    #expect(try text("ca", documents) == "caa")
    #expect(try text("caab", documents) == "caab" && text("caab-", documents) == "caab-")
    #expect(try text("caab--", documents) == "caab--caa", "another begins")
    #expect(try text("", documents, stop: "aa") == "c" && text("c", documents, stop: "b") == "caa")
    var finder = DocumentEndFinder([1, 2, 1])
    #expect(
      [1, 2, 1, 2, 1, 1, 2, 1, 1, 2, 2, 1, 2, 1].map { finder.reads($0) }.enumerated().filter(\.1).map(\.0) == [
        2, 7, 13,
      ])
  }

  @Test func documentsNeedGradientsThroughTheWholeLength() {
    let settings = settings { $0.backwardLength = 3 }
    #expect(settings.problem == .backwardLengthOfDocuments(3, length: 8))
    #expect(self.settings { $0.separator = "--" }.problem == .severalKindsOfDocuments(["items", "separator"]))
    #expect(TrainingSettings.small { $0.splitUnit = .documents }.problem == .noDocuments)
    #expect(self.settings { $0.splitUnit = .documents }.canonical == self.settings())
  }

  @Test func anArrangementIsKeptInTheFile() throws {
    let corpus = try list()
    for settings in [
      settings(), .small { $0.separator = "a\n" }, .small { $0.splitUnit = .blocks }, settings { $0.splitUnit = .end },
      .small(),
    ] {
      let run = try CharacterRun(settings: settings, corpus: corpus)
      let file = try ModelFile<Float>(run.file(of: run.model, validationLoss: nil).checkpoint)
      #expect(file.history?.arrangement == settings.arrangement)
      let isUsual = settings == .small()
      let json = try #require(file.checkpoint.metadata["history"])
      #expect(["items", "separator", "splitBy"].contains { json.contains($0) } != isUsual)
    }
    var checkpoint = try CharacterRun(settings: settings(), corpus: corpus).checkpoint
    checkpoint.metadata["history"]?.replace(#""items":true"#, with: #""separator":"""#)
    #expect(throws: ModelFileError.self) { try ModelFile<Float>(checkpoint) }
  }

  /// Lists are told from running text by their lines.
  @Test func listsOfItemsAreFound() throws {
    func areItems(_ text: String, _ change: (inout TrainingSettings) -> Void = { _ in }, given: Set<String> = [])
      throws -> Bool
    {
      var settings = TrainingSettings()
      change(&settings)
      return try TrainingPlan(for: sampleCorpus(text), keeping: settings, given: given).settings.areItems
    }
    let names = (0..<300).map { "\(Self.names[$0 % 8])\($0)\n" }.joined()
    #expect(try areItems(names))
    #expect(try !areItems(names, given: ["split-by"]))
    #expect(try !areItems(String(names.prefix(500))), "too few")
    #expect(try !areItems(sampleText(9000)), "words")
    #expect(try !areItems((0..<300).map { "a line of some words, as prose has \($0)\n" }.joined()))
    #expect(try !areItems((0..<300).map { "私は\($0)歳です。今日は\n" }.joined()))
    #expect(try !areItems((0..<300).map { "def\($0)\n\n" }.joined()), "empty lines")
    #expect(try !areItems(String(repeating: "x", count: 4000)))
  }
}

extension CharacterRun {
  fileprivate var checkpoint: Checkpoint { file(of: model, validationLoss: nil).checkpoint }
}
