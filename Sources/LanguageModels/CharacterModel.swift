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
  var rnn: any RecurrentStack<Scalar>
  /// [vocabulary, output]; nil where the embedding takes its place.
  private var ownDecoderWeight: Parameter<Scalar>?
  var decoderBias: Parameter<Scalar>

  /// What the top layer's outputs are multiplied by, [vocabulary, output].
  var decoderWeight: Parameter<Scalar> { ownDecoderWeight ?? encoder!.weight }

  /// A model whose weights are still to be drawn, by `drawn(using:)`, or loaded.
  ///
  /// - Precondition: the configuration has no `problem`.
  public init(_ configuration: ModelConfiguration) {
    if let problem = configuration.problem { programmingError("CharacterModel: \(problem)") }
    self.configuration = configuration
    let (vocabulary, embedding) = (configuration.vocabulary, configuration.embedding)
    encoder =
      embedding > 0
      ? Embedding(
        tokens: vocabulary, features: embedding, initializer: configuration.isTied ? .lecunUniform : .normal(1)) : nil
    rnn = configuration.recurrentStack()
    ownDecoderWeight = configuration.isTied ? nil : Parameter([vocabulary, configuration.outputSize], .glorotUniform)
    decoderBias = Parameter([vocabulary], .zeros)
  }

  /// What is carried from one stretch of text to the next. No state means the beginning: zeros, unless it is learned.
  public struct State: Sendable {
    /// By layer, then by component; each [batch, width].
    public internal(set) var layers: [[Tensor<Scalar>]]

    init(_ variables: [[Variable<Scalar>]]) { layers = variables.map { $0.map { $0.value } } }

    init(layers: [[Tensor<Scalar>]]) { self.layers = layers }

    /// The same as constants: no gradient flows into it.
    var constants: [[Variable<Scalar>]] { layers.map { $0.map { Variable($0) } } }
  }

  /// The state of one text before anything was read.
  var beginning: State {
    var context = ForwardContext<Scalar>()
    return State(rnn.initialComponents(batch: 1, in: &context))
  }

  /// Runs the model over a grid of tokens.
  ///
  /// - Returns: logits for the token after each, [time, batch, vocabulary], and the state after the last.
  public func callAsFunction(
    _ tokens: TokenGrid, from state: State? = nil, in context: inout ForwardContext<Scalar>
  ) -> (logits: Variable<Scalar>, state: State) {
    let (outputs, next) = read(tokens, from: state?.constants, in: &context)
    return (predict(dropping(outputs, in: &context), in: context), State(next))
  }

  /// The recurrent layers over a grid of tokens: the top layer's outputs, [time, batch, output], and the state after the last,
  /// through both of which gradients flow.
  package func read(
    _ tokens: TokenGrid, from state: [[Variable<Scalar>]]?, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: [[Variable<Scalar>]]) {
    let (outputs, states) = read([tokens], isCut: false, from: state, in: &context)
    return (outputs, states[0])
  }

  /// The same over the parts of a grid, with the state after each.
  ///
  /// - Parameter isCut: whether no gradient flows from a part to the one before it.
  func read(
    _ parts: [TokenGrid], isCut: Bool, from state: [[Variable<Scalar>]]?, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, states: [[[Variable<Scalar>]]]) {
    let table = encoder.map { encoder in
      embeddingDropout(
        context.variable(encoder.weight), probability: configuration.refinements.embeddingDropout, in: &context)
    }
    let inputs = parts.map { tokens -> SequenceInput<Scalar> in
      table.map { .embedded(tokens, table: $0) } ?? .tokens(tokens)
    }
    func run(_ stack: some RecurrentStack<Scalar>) -> (outputs: Variable<Scalar>, states: [[[Variable<Scalar>]]]) {
      stack.run(segments: inputs, isTruncated: isCut, fromComponents: state, in: &context)
    }
    // The usual cells by their own types: such calls can be specialized.
    return switch rnn {
    case let stack as StackedRecurrent<LSTMCell<Scalar>>: run(stack)
    case let stack as StackedRecurrent<GRUCell<Scalar>>: run(stack)
    case let stack as StackedRecurrent<ElmanCell<Scalar>>: run(stack)
    default: run(rnn)
    }
  }

  /// What the decoder reads of the top layer's outputs.
  package func dropping(_ outputs: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    let locked = configuration.refinements.lockedDropout
    return locked > 0
      ? lockedDropout(outputs, probability: locked, in: &context)
      : dropout(outputs, probability: configuration.dropout, in: &context)
  }

  /// Logits for the next token, [time, batch, vocabulary].
  func predict(_ outputs: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(outputs, weight: decoderWeight, bias: decoderBias, in: context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    if encoder != nil { try visitor.visit(&encoder!, "encoder") }
    try visitor.visit(&rnn, "rnn")
    try visitor.visit(&ownDecoderWeight, "decoder.weight")
    try visitor.visit(&decoderBias, "decoder.bias")
  }
}
