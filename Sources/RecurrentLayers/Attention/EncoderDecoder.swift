import Autograd
import NeuralLayers
import TensorCore

/// A network that translates sequences of tokens into others: an encoder reads the source, a decoder that attends to the
/// encoder's outputs writes the target (Bahdanau, Cho and Bengio, 2015; Luong, Pham and Manning, 2015).
///
///     let half = GRUCell<Float>(input: 16, hidden: 32)
///     var net = EncoderDecoder(
///       sourceTokens: 40, targetTokens: 12, encoder: StackedRecurrent([half], reverse: [half]),
///       decoder: StackedRecurrent([GRUCell(input: 16, hidden: 64)]), attending: .luong())
///
/// Train it on `loss(of:for:in:)`; `translate` writes targets with the weights of attention. The token `mark`, one more than the
/// target's own, begins a target and ends it.
public struct EncoderDecoder<Cell: RecurrentCell>: Module {
  public typealias Scalar = Cell.Scalar

  public var source: Embedding<Scalar>
  /// Layers over the source, in one direction or both.
  public var encoder: StackedRecurrent<Cell>
  /// Decoder's initial state from the encoder's last one: tanh(W·h + b) for each layer and component, h being the hidden states
  /// of the encoder's top layer side by side.
  public var bridges: [Dense<Scalar>]
  public var target: Embedding<Scalar>
  public var decoder: AttentionDecoder<Cell>
  public var output: Dense<Scalar>

  /// A network of given layers.
  ///
  /// - Parameters:
  ///   - encoder: reads vectors of the source's embedding.
  ///   - decoder: a stack that reads vectors of the target's embedding, in Bahdanau's style with the context beside them.
  public init(
    sourceTokens: Int, targetTokens: Int, encoder: StackedRecurrent<Cell>, decoder: StackedRecurrent<Cell>,
    attending style: AttentionDecoder<Cell>.Style
  ) {
    source = Embedding(tokens: sourceTokens, features: encoder.cells[0].inputSize)
    self.encoder = encoder
    let width = encoder.cells.last!.stateWidths[0] * (encoder.isBidirectional ? 2 : 1)
    bridges = decoder.cells.flatMap { $0.stateWidths.map { Dense(width, $0, activation: .tanh) } }
    self.decoder = AttentionDecoder(decoder, attending: style, memory: encoder.outputSize)
    target = Embedding(tokens: targetTokens + 1, features: self.decoder.inputSize)
    output = Dense(decoder.outputSize, targetTokens + 1)
  }

  /// Token that begins and ends a target.
  public var mark: Int32 { Int32(target.weight.shape[0] - 1) }

  /// The encoder's outputs, [S, B, M], with the lengths of the sources, and the decoder's initial state.
  func encode(
    _ sources: [[Int32]], in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, lengths: SequenceLengths, state: [Cell.State]) {
    guard let lengths = try? SequenceLengths(of: sources), !sources.isEmpty else {
      programmingError("EncoderDecoder: there is no source, or one without tokens")
    }
    let input = SequenceInput.embedded(
      TokenGrid(padding: sources), table: context.variable(source.weight), lengths: lengths)
    let (outputs, state) = encoder.run(input, in: &context)
    let ends = state.suffix(encoder.isBidirectional ? 2 : 1).map { $0.components[0] }
    let last = Variable.concatenate(ends, axis: 1)
    var components = bridges.map { $0(last, in: &context) }
    let initial = decoder.stack.cells.map { cell in
      let own = Array(components.prefix(cell.stateWidths.count))
      components.removeFirst(own.count)
      return Cell.State(components: own)
    }
    return (outputs, lengths, initial)
  }

  /// Mean cross entropy of the targets' tokens and their end marks, in nats: the decoder reads the right token before each
  /// (teacher forcing).
  ///
  /// - Parameters:
  ///   - targets: may be empty; each token below `mark`.
  ///   - sources: as many, none of them empty.
  public func loss(
    of targets: [[Int32]], for sources: [[Int32]], in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    require(
      targets.count == sources.count, "EncoderDecoder: \(targets.count) targets for \(sources.count) sources")
    if let token = targets.lazy.flatMap({ $0 }).first(where: { $0 < 0 || $0 >= mark }) {
      programmingError("EncoderDecoder: a target holds the token \(token), and they are 0..<\(mark)")
    }
    let (encoded, sourceLengths, state) = encode(sources, in: &context)
    let memory = decoder.attention.memory(encoded, lengths: sourceLengths, in: &context)
    let grid = TokenGrid(padding: targets.map { [mark] + $0 })
    guard let lengths = try? SequenceLengths(targets.map { $0.count + 1 }, time: grid.time) else {
      programmingError("EncoderDecoder: lengths of targets")
    }
    let inputs = target(grid.ids, in: &context).reshaped([grid.time, grid.batch, -1])
    let outputs = decoder.run(inputs, over: memory, from: state, in: &context).outputs
    let answers = TokenGrid(padding: targets.map { $0 + [mark] })
    return softmaxCrossEntropy(
      output(lengths.packed(outputs), in: &context), targets: lengths.packed(answers), in: context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&source, "source")
    try visitor.visit(&encoder, "encoder")
    for index in bridges.indices { try visitor.visit(&bridges[index], "bridge.\(index)") }
    try visitor.visit(&target, "target")
    try visitor.visit(&decoder, "decoder")
    try visitor.visit(&output, "output")
  }
}
