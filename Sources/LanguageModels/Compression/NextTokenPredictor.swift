import Autograd
import NGramModels
import RecurrentLayers
import SequenceText
import TensorCore

/// A model that reads one text token by token and predicts the next: the only place where tokens are fed to the model.
///
/// Both directions of the coder use it, so that both compute the same bits.
struct NextTokenPredictor {
  private enum Network {
    case still(StreamingSession<Float>)
    case learning(LearningNetwork)
  }

  private var network: Network
  private var mixture: NGramMixture?
  /// Log probabilities of the tokens, up to a constant; nil until they are asked for.
  private var predicted: [Double]?
  private var isAtStart = true
  private let symbols: Int
  /// Finder of the ends of documents, before which the model begins again; nil where nothing ends one.
  private var ends: DocumentEndFinder?

  /// - Parameters:
  ///   - beginning: token that a document begins after; nil where the model reads the text as one.
  ///   - documentEnd: tokens that end a document, after which the model begins again; nil where none do.
  ///   - mode: how the model learns from the text.
  ///   - training: text that it was trained on; empty where it does not learn.
  init(
    _ model: CharacterModel<Float>, beginning: Int32?, documentEnd: [Int32]?, mode: CompressionMode,
    training: TextStream, team: ThreadTeam
  ) {
    symbols = model.shape.vocabulary
    if mode.learns {
      network = .learning(LearningNetwork(model, training: training, workspace: Workspace(team: team, products: .full)))
    } else {
      network = .still(model.session(texts: 1, weights: .float32, team: team))
    }
    mixture = mode.mixesNGrams ? NGramMixture(symbols: symbols, training: training.tokens) : nil
    if let beginning { read(beginning) }
    ends = documentEnd.map { DocumentEndFinder($0) }
  }

  /// Log probabilities of the next token, up to a constant. All are alike before the first.
  mutating func scores() -> [Double] {
    if let predicted { return predicted }
    var scores = [Double](repeating: 0, count: symbols)
    if !isAtStart {
      switch network {
      case .still(let session): session.copyOutput(of: 0, to: &scores)
      case .learning(let network): scores = network.logits
      }
      if mixture != nil { scores = mixture!.predict(network: normalized(scores)) }
    }
    predicted = scores
    return scores
  }

  /// Takes the next token, which `scores()` has predicted.
  mutating func read(_ token: Int32) {
    // The state is reset before the last token of an end.
    let isEnd = ends?.reads(token) ?? false
    switch network {
    case .still(let session):
      if isEnd { session.reset(0) }
      session.push(tokens: [token])
    case .learning(let network): network.read(token, isEnd: isEnd)
    }
    if isAtStart { mixture?.begin(with: token) } else { mixture?.learn(token) }
    (isAtStart, predicted) = (false, nil)
  }
}

/// A network that learns from each segment of the text once it has read it.
private final class LearningNetwork {
  private var model: DynamicModel
  private let rule = DynamicRule()
  /// Tokens of the segment, after the last one of the segment before.
  private var segment: [Int32] = []
  /// Whether each token of the segment ends a document.
  private var ends: [Bool] = []
  /// State before the first token of the segment, and after the last.
  private var start, state: CharacterModel<Float>.State?
  private(set) var logits: [Double] = []

  init(_ model: CharacterModel<Float>, training: TextStream, workspace: Workspace<Float>) {
    self.model = DynamicModel(model, rule: rule, training: training, workspace: workspace)
  }

  func read(_ token: Int32, isEnd: Bool) {
    segment.append(token)
    ends.append(isEnd)
    if segment.count == rule.segment + 1 {
      _ = model.predict(
        segment, resets: StateResets(Array(ends.dropLast()), time: rule.segment, batch: 1), from: &start)
      (segment, ends, state) = ([token], [isEnd], start)
    }
    if isEnd { state = nil }
    logits = model.logits(after: token, from: &state).scalars.map { Double($0) }
  }
}
