import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// Models that have more than the plain architecture.
@Suite struct RefinedModelTests {
  private static let vocabulary = try! Vocabulary(
    symbols: ["\n", "b", "c", "d", "e"].map { Array($0.utf8) }, kind: .character)

  /// They have as many parameters as their equations, counted before the weights are drawn.
  @Test(arguments: ModelShape.refined)
  func theyHaveAsManyParametersAsTheirEquations(shape: ModelShape) {
    #expect(shape.problem == nil)
    #expect(CharacterModel<Float>(shape).parameterCount == shape.expectedParameterCount)
    #expect(CharacterModel<Float>.sample(shape).parameterCount == shape.expectedParameterCount)
  }

  /// A training step needs six operations for each weight that multiplies a state or a layer's output.
  @Test func aTrainingStepNeedsSixOperationsForEachWeight() {
    for shape in ModelShape.refined + CellKind.allCases.map({ .small($0) }) {
      #expect(CharacterModel<Float>(shape).operationsPerToken == shape.expectedOperations, "\(shape)")
    }
  }

  @Test(arguments: CellKind.allCases)
  func theForgetBiasIsThatOfTheForgetGateAndRefusedWithoutOne(cell: CellKind) {
    var shape = ModelShape.small(cell)
    let plain = CharacterModel<Float>.sample(shape)
    shape.forgetBias = 2.5
    let withForgetGate: Set<CellKind> = [.lstm, .peepholeLSTM, .coupledLSTM, .minLSTM, .sLSTM]
    #expect((shape.problem == nil) == withForgetGate.contains(cell), "\(cell)")
    if shape.problem != nil { return }
    let biased = CharacterModel<Float>.sample(shape)
    for ((name, before), (_, after)) in zip(plain.parameters, biased.parameters) {
      let (before, after) = (before.value.scalars, after.value.scalars)
      let isBias = name.hasPrefix("rnn.bias_ih")
      #expect((before == after) != isBias, "\(cell): \(name)")
      if isBias { #expect(after == before.map { $0 == 1 ? 2.5 : $0 }, "\(cell): \(name)") }
    }
  }

  @Test(arguments: ModelShape.refined)
  func theirGradientsAreThoseThatDifferencesGive(shape: ModelShape) throws {
    let shape = shape.sizedForGradients
    let comparisons = try CharacterModelCheck(shape, batch: 2, length: 3, seed: 1).run()
    #expect(comparisons.count >= CharacterModel<Float>.sample(shape).parameters.count)
    for comparison in comparisons { #expect(comparison.passes && comparison.norm > 0, "\(comparison)") }
  }

  /// They write token by token what they would write from the whole text at once.
  @Test(arguments: ModelShape.refined + CellKind.allCases.map { .small($0) }, [WeightFormat.float32, .int8])
  func theyWriteTokenByTokenWhatTheyWouldWriteAtOnce(shape: ModelShape, weights: WeightFormat) {
    guard weights.products.isSupported(for: Float.self) else { return }
    var model = CharacterModel<Float>.sample(shape)
    var random = RandomSource(seed: 2)
    // Every parameter moves, learned initial states too, which start at 0.
    model.updateParameters { parameter, _ in
      parameter.value += .normal(parameter.value.shape, mean: 0, standardDeviation: 0.5, using: &random)
    }
    let prime: [Int32] = [2, 0, 1]
    let text = TextGenerator(model: model, vocabulary: Self.vocabulary, weights: weights).text(
      prime: prime, length: 20, options: SamplingOptions(temperature: 0), seed: 1)
    let tokens = text.utf8.map { Self.vocabulary.id(of: [$0])! }
    #expect(tokens.count == 23)
    var context = ForwardContext<Float>(workspace: Workspace(products: weights.products))
    let (logits, _) = model(TokenGrid(ids: tokens, time: tokens.count, batch: 1), in: &context)
    for (t, next) in tokens.enumerated().dropFirst(prime.count) {
      let row = logits.value.row(t - 1).scalars
      // Numbers rounded to eight bits may differ in the order of two that are next to each other.
      #expect(row.max()! - row[Int(next)] <= (weights == .float32 ? 1e-5 : 0.05), "token \(t)")
    }
  }

  /// Streams that are validated begin like the text, also with a state that is learned.
  @Test func validatedStreamsBeginLikeTheText() throws {
    let corpus = try sampleCorpus(sampleText(1500))
    var model = CharacterModel<Float>.sample(
      .small(.gru) { ($0.vocabulary, $0.learnsInitialState) = (corpus.vocabulary.count, true) })
    var random = RandomSource(seed: 2)
    model.updateParameters { parameter, name in
      if name.contains("initial") {
        parameter.value = .normal(parameter.shape, mean: 0, standardDeviation: 2, using: &random)
      }
    }
    let text = TextStream(corpus.tokens[0..<corpus.tokens.count])
    let exact = Evaluation.negativeLogLikelihood(of: model, on: text, workspace: Workspace())
    let quick = Evaluation.validationLoss(of: model, on: text, workspace: Workspace())
    #expect(abs(exact / Double(text.predictions) - quick) < 1e-5)
  }

  /// They come back from their files; plain models' files do not speak of refinements.
  @Test(arguments: ModelShape.refined)
  func theyComeBackFromTheirFiles(shape: ModelShape) throws {
    let model = CharacterModel<Float>.sample(shape)
    let checkpoint = ModelFile(model: model, vocabulary: Self.vocabulary).checkpoint
    let read = try ModelFile<Float>(checkpoint)
    #expect(read.model.shape == shape && read.model.weights == model.weights)
    let plain = ModelFile(model: CharacterModel<Float>.sample(.small()), vocabulary: Self.vocabulary).checkpoint
    #expect(plain.metadata["architecture"]?.contains("refined") == false)
  }

  @Test(arguments: [
    (#""cell":"lstm""#, #""cell":"mamba""#, "mamba"), (#""layers":2"#, #""layers":2,"attention":true"#, "attention"),
    (#""zoneout":0"#, #""zoneout":0,"stutter":0.5"#, "refined.stutter"),
    (#""zoneout":0"#, #""zoneout":1"#, "zoneout is 1"),
    (#""projection":4"#, #""projection":9"#, "projection is 9, hidden is 6"),
    (#""layerNorm":false"#, #""layerNorm":true"#, "layer normalization"),
    (#""learnsInitialState":true"#, #""learnsInitialState":false"#, "has no parameter \"rnn.initial_cell_l0\""),
  ])
  func aVariantThatThisVersionDoesNotKnowIsAnErrorThatNamesIt(from: String, to: String, reason: String) throws {
    let model = CharacterModel<Float>.sample(
      .small { ($0.projection, $0.learnsInitialState) = (4, true) })
    var checkpoint = ModelFile(model: model, vocabulary: Self.vocabulary).checkpoint
    let architecture = try #require(checkpoint.metadata["architecture"])
    #expect(architecture.contains(from), "the test is out of date: \(architecture)")
    checkpoint.metadata["architecture"] = architecture.replacingOccurrences(of: from, with: to)
    let error = #expect(throws: ModelFileError.self) { try ModelFile<Float>(checkpoint) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  /// A file may be older than some refinements, and newer than none that it uses.
  @Test func aFileMayBeOlderThanSomeRefinements() throws {
    let model = CharacterModel<Float>.sample(.small { $0.projection = 4 })
    var checkpoint = ModelFile(model: model, vocabulary: Self.vocabulary).checkpoint
    let architecture = try #require(checkpoint.metadata["architecture"])
    let members = try #require(architecture.firstRange(of: #/"refined":\{[^}]*\}/#))
    checkpoint.metadata["architecture"] = architecture.replacingCharacters(
      in: members, with: #""refined":{"projection":4}"#)
    #expect(try ModelFile<Float>(checkpoint).model.shape == model.shape)
  }

  /// What excludes each other, or would do nothing, is a problem that names both and says what to do.
  @Test(
    arguments: [
      (.small { ($0.dropout, $0.lockedDropout) = (0.1, 0.2) }, "dropout 0.1 and locked dropout 0.2"),
      (.small(.rnn) { $0.layerNorm = true }, "lstm and gru, not for rnn"),
      (.small(.gru) { $0.projection = 2 }, "projection is for the cell lstm, not for gru"),
      (.small { ($0.projection, $0.layerNorm) = (2, true) }, "not for lstm with it"),
      (.small { $0.projection = 6 }, "projection is 6, hidden is 6"),
      (.small { $0.projection = -1 }, "projection is -1"),
      (.small { $0.heads = 2 }, "heads is for the cell slstm, not for lstm"),
      (.small(.sLSTM) { $0.heads = 4 }, "heads is 4, hidden is 6"),
      (
        .small { ($0.projection, $0.embedding, $0.isTied) = (3, 6, true) },
        "embedding is 6, projection is 3; make them equal"
      ),
      (.small { ($0.layers, $0.residual) = (1, true) }, "1 layer"),
      (.small { $0.embeddingDropout = 0.1 }, "the embedding is 0"),
      (.small(.minLSTM) { $0.weightDrop = 0.1 }, "min-lstm has no recurrent weights"),
      (.small { $0.zoneout = 1 }, "zoneout is 1.0"),
      (.small { $0.weightDrop = .nan }, "weight drop is nan"),
      (.small { $0.lockedDropout = -0.1 }, "locked dropout is -0.1"),
    ] as [(ModelShape, String)])
  func settingsThatExcludeEachOtherAreAProblem(shape: ModelShape, reason: String) {
    #expect(shape.problem?.description.contains(reason) == true, "\(shape.problem?.description ?? "no problem")")
  }
}

extension ModelShape {
  /// This shape with fewer units in debug builds: a gradient check runs the model four times for each number.
  fileprivate var sizedForGradients: ModelShape {
    var smaller = self
    smaller.hidden = amount(debug: 3, release: smaller.hidden)
    if smaller.projection > 0 { smaller.projection = amount(debug: 2, release: smaller.projection) }
    if smaller.isTied { smaller.embedding = smaller.outputSize }
    return smaller
  }
}
