import Autograd
import RecurrentLayers
import SequenceText
import TensorCore

/// Ways in which a model learns from a text while it predicts it, always only from what lies before.
public struct Adaptation: Sendable, Equatable {
  /// Rule by which the network's weights change; nil where they stay.
  public var dynamic: DynamicRule?
  /// Whether its predictions are mixed with those of n-gram models, which count the training text and then what they read.
  public var mixesNGrams: Bool

  public init(dynamic: DynamicRule? = nil, mixesNGrams: Bool = false) {
    (self.dynamic, self.mixesNGrams) = (dynamic, mixesNGrams)
  }
}

extension Evaluation {
  /// log p of every token but the first, in nats, by a model that adapts to the text as it reads it as one stream. Each depends
  /// on the tokens before it alone.
  ///
  /// - Parameters:
  ///   - training: text that the model was trained on: dynamic evaluation takes the sizes of gradients from it.
  ///   - counted: text that n-gram models count before; empty where the model was trained on the text itself.
  public static func logLikelihoods(
    of model: CharacterModel<Float>, on text: TextStream, adapting adaptation: Adaptation, training: TextStream,
    counted: TextStream, workspace: Workspace<Float>
  ) -> [Double] {
    let mixture = adaptation.mixesNGrams ? NGramMixture(symbols: model.shape.vocabulary, training: counted.tokens) : nil
    var reader = AdaptiveReader(
      model, rule: adaptation.dynamic, training: training, mixture: mixture, workspace: workspace)
    return reader.read(text)
  }
}

/// A network, and n-gram models beside it, that adapt to a text as they read it.
struct AdaptiveReader {
  private var network: AdaptiveNetwork
  /// Mixture with n-gram models; nil where there are none.
  private(set) var mixture: NGramMixture?

  /// - Parameters:
  ///   - rule: nil for a network that stays as it is.
  ///   - training: text that the model was trained on: dynamic evaluation takes the sizes of gradients from it.
  ///   - mixture: nil for none.
  init(
    _ model: CharacterModel<Float>, rule: DynamicRule?, training: TextStream, mixture: NGramMixture?,
    workspace: Workspace<Float>
  ) {
    network = AdaptiveNetwork(model, rule: rule, training: training, workspace: workspace)
    self.mixture = mixture
    self.mixture?.forgetContext()
  }

  /// The network as it is now.
  var model: CharacterModel<Float> { network.current }

  /// Reads a text from the initial state on.
  ///
  /// - Returns: log p of every token but the first, in nats.
  mutating func read(_ text: TextStream) -> [Double] {
    guard text.predictions > 0 else { return [] }
    mixture?.begin(with: text.tokens.first!)
    var (likelihoods, start): ([Double], Int) = ([], text.tokens.startIndex)
    while start + 1 < text.tokens.endIndex {
      let tokens = Array(text.tokens[start...].prefix(network.chunk + 1))
      let resets = text.resets(at: Array(start..<start + tokens.count - 1), batch: 1)
      for (scores, token) in zip(network.predict(tokens, resets: resets), tokens.dropFirst()) {
        let log = normalized(scores)
        likelihoods.append((mixture?.predict(network: log) ?? log)[Int(token)])
        mixture?.learn(token)
      }
      start += network.chunk
    }
    return likelihoods
  }
}

/// A network that reads one text from its start, with weights that stay or change on the way.
private struct AdaptiveNetwork {
  /// Tokens that are predicted at once.
  let chunk: Int
  private let workspace: Workspace<Float>
  private let model: CharacterModel<Float>
  /// The model that learns; nil where the weights stay.
  private var dynamic: DynamicModel?
  private var state: CharacterModel<Float>.State?

  /// The model with the weights that it has now.
  var current: CharacterModel<Float> { dynamic?.model ?? model }

  init(_ model: CharacterModel<Float>, rule: DynamicRule?, training: TextStream, workspace: Workspace<Float>) {
    chunk = rule?.segment ?? 128
    self.workspace = workspace
    self.model = model.bound()
    dynamic = rule.map { DynamicModel(model, rule: $0, training: training, workspace: workspace) }
  }

  /// Scores of all tokens after each but the last of `tokens`.
  mutating func predict(_ tokens: [Int32], resets: StateResets?) -> [[Double]] {
    // In place: a copy of the learning model would copy its weights at each change.
    let logits = dynamic?.predict(tokens, resets: resets, from: &state) ?? predictStill(tokens, resets: resets)
    let (scalars, symbols) = (logits.scalars, logits.shape[2])
    return (0..<tokens.count - 1).map { row in scalars[row * symbols..<(row + 1) * symbols].map { Double($0) } }
  }

  private mutating func predictStill(_ tokens: [Int32], resets: StateResets?) -> Tensor<Float> {
    var context = ForwardContext(workspace: workspace)
    let grid = TokenGrid(ids: Array(tokens.dropLast()), time: tokens.count - 1, batch: 1)
    let (logits, next) = model(grid, resets: resets, from: state, in: &context)
    state = next
    return logits.value
  }
}
