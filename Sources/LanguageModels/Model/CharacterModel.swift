import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore

/// A model of text that predicts the next token: (embedding →) stacked recurrent layers → linear.
///
/// The parameters have PyTorch's names: `encoder.weight` where there is an embedding, `rnn.weight_ih_l0` and so on,
/// `decoder.weight` (unless it is tied to `encoder.weight`), `decoder.bias`.
public struct CharacterModel<Scalar: TensorScalar>: Module {
  public let shape: ModelShape
  var encoder: Embedding<Scalar>?
  var rnn: any RecurrentStack<Scalar>
  /// Weight of the decoder, [vocabulary, output]; nil where it is the embedding.
  private var ownDecoderWeight: Parameter<Scalar>?
  var decoderBias: Parameter<Scalar>

  public var architecture: Architecture { shape.architecture }

  /// Weight of the linear layer on top, [vocabulary, output].
  var decoderWeight: Parameter<Scalar> { ownDecoderWeight ?? encoder!.weight }

  /// A model whose weights are still to be drawn, by `drawn(using:)`, or loaded; until then they take no memory.
  ///
  /// - Precondition: the shape has no `problem`.
  public init(_ shape: ModelShape) {
    if let problem = shape.problem { programmingError("CharacterModel: \(problem)") }
    self.shape = shape
    let with = shape.architecture
    encoder =
      with.embedding > 0
      ? Embedding(
        tokens: shape.vocabulary, features: with.embedding, initializer: with.isTied ? .lecunUniform : .normal(1)) : nil
    rnn = with.cell.stack(StackPlan(shape))
    ownDecoderWeight = with.isTied ? nil : Parameter([shape.vocabulary, rnn.outputSize], .glorotUniform)
    decoderBias = Parameter([shape.vocabulary], .zeros)
  }

  /// State that is carried from one chunk of text to the next, as constants.
  public struct State: Sendable {
    /// By layer, then by component; each [batch, width].
    public internal(set) var layers: [[Tensor<Scalar>]]

    init(_ state: StackState<Scalar>) { layers = state.layers.map { $0.map { $0.value } } }

    init(layers: [[Tensor<Scalar>]]) { self.layers = layers }

    /// The state on a device.
    func on(_ device: Device) throws(DeviceError) -> State {
      var moved = self
      for layer in layers.indices {
        for component in layers[layer].indices {
          moved.layers[layer][component] = try layers[layer][component].on(device)
        }
      }
      return moved
    }

    /// The state as constants for a pass: no gradient flows into it.
    var constants: StackState<Scalar> { StackState(layers.map { $0.map { Variable($0) } }) }
  }

  /// Initial state of one text: zeros, unless it is learned.
  func initialState(in workspace: Workspace<Scalar>) -> State {
    var context = ForwardContext<Scalar>(workspace: workspace)
    return State(rnn.initialState(batch: 1, in: &context))
  }

  /// Runs the model over a grid of tokens.
  ///
  /// - Parameters:
  ///   - resets: tokens before which the state is reset to the initial one; nil for none.
  ///   - state: nil for the initial state.
  /// - Returns: logits for the token after each, [time, batch, vocabulary], and the state after the last.
  public func callAsFunction(
    _ tokens: TokenGrid, resets: StateResets? = nil, from state: State? = nil,
    in context: inout ForwardContext<Scalar>
  ) -> (logits: Variable<Scalar>, state: State) {
    let (outputs, next) = read(tokens, resets: resets, from: state?.constants, in: &context)
    return (logits(droppingUnits(of: outputs, in: &context), in: context), State(next))
  }

  /// Runs the recurrent layers over a grid of tokens.
  ///
  /// - Returns: outputs of the top layer, [time, batch, output], and the state after the last step; gradients flow through
  ///   both.
  package func read(
    _ tokens: TokenGrid, resets: StateResets? = nil, from state: StackState<Scalar>?,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: StackState<Scalar>) {
    let (outputs, states) = read([tokens], resets: resets, isTruncated: false, from: state, in: &context)
    return (outputs, states[0])
  }

  /// Runs the recurrent layers over the segments of a grid.
  ///
  /// - Parameters:
  ///   - resets: tokens before which the state is reset, in a grid of one segment; nil for none.
  ///   - isTruncated: whether no gradient flows from a segment to the one before it.
  /// - Returns: outputs of the top layer at all steps, [time, batch, output], and the state after each segment.
  func read(
    _ segments: [TokenGrid], resets: StateResets? = nil, isTruncated: Bool, from state: StackState<Scalar>?,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, states: [StackState<Scalar>]) {
    require(resets == nil || segments.count == 1, "CharacterModel: resets in a grid of \(segments.count) segments")
    let table = encoder.map { encoder in
      embeddingDropout(
        context.variable(encoder.weight), probability: architecture.embeddingDropout, in: &context)
    }
    let inputs = segments.map { tokens -> SequenceInput<Scalar> in
      let input: SequenceInput<Scalar> = table.map { .embedded(tokens, table: $0) } ?? .tokens(tokens)
      return resets.map { input.resetting(at: $0) } ?? input
    }
    func run(_ stack: some RecurrentStack<Scalar>) -> (outputs: Variable<Scalar>, states: [StackState<Scalar>]) {
      stack.run(segments: inputs, isTruncated: isTruncated, from: state, in: &context)
    }
    // The usual cells by their own types: such calls can be specialized.
    return switch rnn {
    case let stack as StackedRecurrent<LSTMCell<Scalar>>: run(stack)
    case let stack as StackedRecurrent<GRUCell<Scalar>>: run(stack)
    case let stack as StackedRecurrent<ElmanCell<Scalar>>: run(stack)
    default: run(rnn)
    }
  }

  /// Input of the decoder: the top layer's outputs, of which some units are dropped in training.
  package func droppingUnits(
    of outputs: Variable<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    architecture.lockedDropout > 0
      ? lockedDropout(outputs, probability: architecture.lockedDropout, in: &context)
      : dropout(outputs, probability: architecture.dropout, batchAxis: 1, in: &context)
  }

  /// Logits for the next token, [time, batch, vocabulary].
  func logits(_ outputs: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(outputs, weight: decoderWeight, bias: decoderBias, in: context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    if encoder != nil { try visitor.visit(&encoder!, "encoder") }
    try visitor.visit(&rnn, "rnn")
    try visitor.visit(&ownDecoderWeight, "decoder.weight")
    try visitor.visit(&decoderBias, "decoder.bias")
  }
}
