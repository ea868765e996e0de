import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore

/// A model of text that predicts the next token: (embedding →) stacked recurrent layers → linear.
///
/// The parameters have PyTorch's names: `encoder.weight` where there is an embedding, `rnn.weight_ih_l0` and so on,
/// `decoder.weight` (unless it is tied to `encoder.weight`), `decoder.bias`.
public struct CharacterModel<Scalar: TensorScalar>: Module {
  public let configuration: ModelConfiguration
  var encoder: Embedding<Scalar>?
  var rnn: RecurrentStack<Scalar>
  /// [vocabulary, hidden]; nil where the embedding takes its place.
  private var ownDecoderWeight: Parameter<Scalar>?
  var decoderBias: Parameter<Scalar>

  /// What the top layer's outputs are multiplied by, [vocabulary, hidden].
  var decoderWeight: Parameter<Scalar> { ownDecoderWeight ?? encoder!.weight }

  /// A model with fresh weights, drawn from `random`.
  ///
  /// - Precondition: the configuration has no `problem`.
  public init(_ configuration: ModelConfiguration, using random: inout RandomSource) {
    self.init(configuration)
    initialize(using: &random)
  }

  /// A model whose weights are still to be drawn or loaded.
  init(_ configuration: ModelConfiguration) {
    if let problem = configuration.problem { programmingError("CharacterModel: \(problem)") }
    self.configuration = configuration
    let (vocabulary, embedding) = (configuration.vocabulary, configuration.embedding)
    encoder =
      embedding > 0
      ? Embedding(
        tokens: vocabulary, features: embedding, initializer: configuration.isTied ? .lecunUniform : .normal(1)) : nil
    rnn = RecurrentStack(configuration)
    ownDecoderWeight = configuration.isTied ? nil : Parameter([vocabulary, configuration.hidden], .glorotUniform)
    decoderBias = Parameter([vocabulary], .zeros)
  }

  /// What is carried from one stretch of text to the next. No state means the beginning: zeros.
  public struct State: Sendable {
    /// By layer, then by component; each [batch, hidden].
    public internal(set) var layers: [[Tensor<Scalar>]]
  }

  /// Runs the model over a grid of tokens.
  ///
  /// - Returns: logits for the token after each, [time, batch, vocabulary], and the state after the last.
  public func callAsFunction(
    _ tokens: TokenGrid, from state: State? = nil, in context: inout ForwardContext<Scalar>
  ) -> (logits: Variable<Scalar>, state: State) {
    let (logits, next) = run(tokens, from: state?.layers.map { $0.map { Variable($0) } }, in: &context)
    return (logits, State(layers: next.map { $0.map { $0.value } }))
  }

  /// The same with the state as variables, through which gradients flow.
  package func run(
    _ tokens: TokenGrid, from state: [[Variable<Scalar>]]?, in context: inout ForwardContext<Scalar>
  ) -> (logits: Variable<Scalar>, state: [[Variable<Scalar>]]) {
    let input: SequenceInput<Scalar> =
      encoder.map { [context] in .embedded(tokens, table: context.variable($0.weight)) } ?? .tokens(tokens)
    let (outputs, next) = rnn.run(input, from: state, in: &context)
    let kept = dropout(outputs, probability: configuration.dropout, in: &context)
    return (linear(kept, weight: decoderWeight, bias: decoderBias, in: context), next)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    if encoder != nil { try visitor.visit(&encoder!, "encoder") }
    try visitor.visit(&rnn, "rnn")
    try visitor.visit(&ownDecoderWeight, "decoder.weight")
    try visitor.visit(&decoderBias, "decoder.bias")
  }
}
