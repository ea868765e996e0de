import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct AdaptationTests {
  private let tokens: TokenSequence
  private let model: CharacterModel<Float>
  private let rule = DynamicRule(learningRate: 0.004, decay: 0.02, epsilon: 0.3, segment: 7)

  init() throws {
    tokens = try sampleCorpus(sampleText(1200)).tokens
    model = CharacterModel<Float>.sample(
      ModelShape(Architecture(hidden: 6), vocabulary: Int(tokens.max()!) + 1))
  }

  private func likelihoods(
    on text: some Sequence<Int32>, _ adaptation: Adaptation, training: Range<Int> = 0..<400, threads: Int = 1
  ) -> [Double] {
    let read = TextStream(tokens[training])
    return Evaluation.logLikelihoods(
      of: model, on: TextStream(TokenSequence(text)[...]), adapting: adaptation, training: read, counted: read,
      workspace: Workspace(threads: threads))
  }

  private var ways: [Adaptation] {
    [
      Adaptation(), Adaptation(dynamic: rule), Adaptation(mixesNGrams: true),
      Adaptation(dynamic: rule, mixesNGrams: true),
    ]
  }

  /// What comes later changes nothing: no prediction has seen what it predicts.
  @Test func aPredictionDependsOnTheTokensBeforeItAlone() {
    let text = Array(tokens[500..<560])
    for adaptation in ways {
      let whole = likelihoods(on: text, adaptation)
      #expect(whole.count == 59)
      for end in [1, 7, 8, 20, 41] {
        let changed = text[...end] + text[(end + 1)...].map { $0 == 0 ? 1 : 0 }
        #expect(Array(likelihoods(on: changed, adaptation)[..<end]) == Array(whole[..<end]))
      }
    }
  }

  /// Tokens drawn at random cannot be predicted better than by a guess, however much is learned from them.
  @Test func randomTokensAreNotPredicted() {
    var random = SplitMix(seed: 3)
    let symbols = model.shape.vocabulary
    let text = (0..<amount(debug: 300, release: 3000)).map { _ in Int32(random.next() % UInt64(symbols)) }
    for adaptation in ways {
      let found = likelihoods(on: text, adaptation)
      #expect(-found.reduce(0, +) / Double(found.count) > log(Double(symbols)) - 0.02)
    }
  }

  @Test func aModelThatDoesNotLearnIsTheStaticOne() {
    let text = Array(tokens[500..<700])
    let workspace = Workspace<Float>()
    let expected = Evaluation.negativeLogLikelihood(
      of: model.bound(), on: TextStream(TokenSequence(text)[...]), workspace: workspace)
    for rule in [nil, DynamicRule(learningRate: 0, decay: 0, segment: 9)] {
      let found = -likelihoods(on: text, Adaptation(dynamic: rule)).reduce(0, +)
      #expect(abs(found - expected) < 1e-4 * expected)
    }
  }

  /// The formula of the paper, weight by weight in double precision.
  @Test func theWeightsMoveAsThePaperSays() {
    let (text, training) = (Array(tokens[500..<600]), 0..<43)
    let found = likelihoods(on: text, Adaptation(dynamic: rule), training: training)
    var obvious = ObviousDynamicEvaluation(model, rule: rule, training: Array(tokens[training]))
    let expected = obvious.likelihoods(of: text)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-4) }
    let fixed = likelihoods(on: text, Adaptation(), training: training)
    #expect(zip(found, fixed).contains { abs($0 - $1) > 0.05 }, "the weights moved")
  }

  @Test func itLearnsTheTextAndAMixtureIsBetterThanItsParts() {
    let text = Array(tokens[500...])
    let losses = ways.map { -likelihoods(on: text, $0).reduce(0, +) / Double(text.count - 1) }
    #expect(losses[1] < losses[0] && losses[2] < losses[0] && losses[3] < losses[0])
    let counts = NGramLoss(symbols: model.shape.vocabulary, training: tokens[0..<400])
    #expect(losses[2] < counts.loss(of: text) + 0.05)
  }

  /// A training text shorter than a segment has no gradients to take sizes from.
  @Test func withoutTrainingTextNothingIsLearned() {
    let text = Array(tokens[500..<560])
    let found = likelihoods(on: text, Adaptation(dynamic: rule), training: 0..<3)
    for (a, b) in zip(found, likelihoods(on: text, Adaptation())) { #expect(abs(a - b) < 1e-5) }
  }

  /// A model that writes as a text does which it has read before.
  @Test func itWritesAsWhatItHasRead() throws {
    let corpus = try sampleCorpus(sampleText(1200))
    let run = try CharacterRun(settings: .small { ($0.layers, $0.learningRate) = (1, 0.02) }, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 60), reporting: quiet)
    let file = run.file(of: run.model, validationLoss: nil)
    let refrain = "fox cow "
    let other = try Corpus(text: Array(String(repeating: refrain, count: 80).utf8), vocabulary: corpus.vocabulary)
    let rule = DynamicRule(learningRate: 0.01, decay: 0)
    func text(_ adaptation: Adaptation, _ other: Corpus?, threads: Int = 1) throws -> [String] {
      let generator = try TextGenerator(
        of: file, adapting: adaptation, to: other, trainedOn: corpus, threads: threads)
      var texts = [String](repeating: "", count: 3)
      let prime = Array(try Tokenizer(corpus.vocabulary).encode(refrain).tokens)
      try generator.generate(
        count: 3, prime: prime, length: 64, options: SamplingOptions(temperature: 0.5), seed: 4
      ) { texts[$0] += $1 }
      #expect(
        texts[1]
          == generator.text(prime: prime, length: 64, options: SamplingOptions(temperature: 0.5), seed: 5))
      return texts
    }
    func refrains(_ texts: [String]) -> Int { texts.reduce(0) { $0 + $1.split(separator: refrain.dropLast()).count } }
    let still = try text(Adaptation(), other)
    #expect(try still == text(Adaptation(dynamic: DynamicRule(learningRate: 0, decay: 0)), other))
    for adaptation in [
      Adaptation(dynamic: rule), Adaptation(mixesNGrams: true), Adaptation(dynamic: rule, mixesNGrams: true),
    ] {
      let found = try text(adaptation, other)
      #expect(refrains(found) > 2 * refrains(still) && refrains(found) > 15, "\(found), without reading \(still)")
      #expect(try text(adaptation, other, threads: 2) == found)
    }
    // While it writes it learns nothing: what was written and is read goes on alike.
    let words = Array(try Tokenizer(corpus.vocabulary).encode("the crow ").tokens)
    let writer = try TextGenerator(of: file, adapting: Adaptation(mixesNGrams: true), to: other, trainedOn: corpus)
    let greedy = SamplingOptions(temperature: 0)
    let long = writer.text(prime: words, length: 80, options: greedy, seed: 1)
    let begun = Array(try Tokenizer(corpus.vocabulary).encode(String(long.prefix(49))).tokens)
    #expect(writer.text(prime: begun, length: 40, options: greedy, seed: 1) == long)
    // Without another text the n-gram models have read the training part, and the weights are found on the validation part.
    let mixed = try text(Adaptation(mixesNGrams: true), nil)
    #expect(mixed != still)
    // What they are worth is not forgotten for a short text, nor learned from the text that they have counted.
    let short = try Corpus(text: Array("fo".utf8), vocabulary: corpus.vocabulary)
    for other in [short, corpus] { #expect(try text(Adaptation(mixesNGrams: true), other) == mixed) }
    #expect(throws: AdaptationError.noTrainingText) {
      try TextGenerator(of: file, adapting: Adaptation(mixesNGrams: true), to: nil, trainedOn: other)
    }
  }

  @Test func threadsChangeNoBit() {
    let text = Array(tokens[500..<600])
    for adaptation in ways {
      #expect(likelihoods(on: text, adaptation, threads: 2) == likelihoods(on: text, adaptation))
    }
  }
}

/// Dynamic evaluation as the paper's formulas say it, in double precision but for the network's own pass.
private struct ObviousDynamicEvaluation {
  private var model: CharacterModel<Float>
  private let rule: DynamicRule
  private let trained: [[Double]]
  private var roots: [[Double]] = []

  init(_ model: CharacterModel<Float>, rule: DynamicRule, training: [Int32]) {
    (self.model, self.rule) = (model.bound(), rule)
    trained = model.parameters.map { $0.parameter.value.scalars.map { Double($0) } }
    var squares = trained.map { $0.map { _ in 0.0 } }
    var state: CharacterModel<Float>.State?
    let segments = (training.count - 1) / rule.segment
    for segment in 0..<segments {
      let start = segment * rule.segment
      let gradients = self.read(Array(training[start...(start + rule.segment)]), from: &state).gradients
      for slot in squares.indices {
        for index in squares[slot].indices { squares[slot][index] += pow(gradients[slot][index], 2) / Double(segments) }
      }
    }
    roots = squares.map { $0.map { $0.squareRoot() } }
  }

  private func read(
    _ tokens: [Int32], from state: inout CharacterModel<Float>.State?
  ) -> (likelihoods: [Double], gradients: [[Double]]) {
    var context = ForwardContext<Float>(tape: Tape())
    let grid = TokenGrid(ids: Array(tokens.dropLast()), time: tokens.count - 1, batch: 1)
    let (logits, next) = model(grid, from: state, in: &context)
    state = next
    let loss = softmaxCrossEntropy(logits, targets: Array(tokens.dropFirst()), in: context)
    let gradients = loss.gradients()
    let symbols = logits.value.shape[2]
    let likelihoods = tokens.dropFirst().enumerated().map { row, token in
      let scores = logits.value.scalars[row * symbols..<(row + 1) * symbols].map { Double($0) }
      return scores[Int(token)] - log(scores.reduce(0) { $0 + exp($1) })
    }
    return (likelihoods, model.parameters.map { gradients[$0.parameter]!.scalars.map { Double($0) } })
  }

  mutating func likelihoods(of text: [Int32]) -> [Double] {
    let mean = roots.joined().reduce(0, +) / Double(roots.joined().count)
    var (found, start): ([Double], Int) = ([], 0)
    var state: CharacterModel<Float>.State?
    while start + 1 < text.count {
      let pass = read(Array(text[start...].prefix(rule.segment + 1)), from: &state)
      found += pass.likelihoods
      var slot = 0
      let (rule, trained, roots) = (rule, trained, roots)
      model.updateParameters { parameter, _ in
        let values = parameter.value.scalars.indices.map { index -> Float in
          let value = Double(parameter.value.scalars[index])
          let root = roots[slot][index]
          let moved = value - rule.learningRate * pass.gradients[slot][index] / (root + rule.epsilon * mean)
          return Float(moved + min(rule.decay * root / mean, 1) * (trained[slot][index] - moved))
        }
        parameter.value = Tensor(values, shape: parameter.shape)
        slot += 1
      }
      start += rule.segment
    }
    return found
  }
}

/// Loss of an n-gram model that learns as it reads.
private struct NGramLoss {
  let symbols: Int
  let training: Slice<TokenSequence>

  func loss(of text: [Int32]) -> Double {
    let all = TokenSequence(Array(training) + text)
    return Baselines(of: training.count..<all.count, after: 0..<training.count, in: all, symbols: symbols)
      .partialMatching
  }
}
