import Autograd
import NeuralLayers
import TensorCore

/// Recurrent layers that attend to a memory at each step. The output of a step is
///
///     tanh(W · [context; h])
///
/// of the top layer's output h and the context that attention gives (Luong, Pham and Manning, 2015, equation 5).
public struct AttentionDecoder<Cell: RecurrentCell>: Module {
  public typealias Scalar = Cell.Scalar

  /// How the steps and attention go together.
  public enum Style: Sendable, Equatable {
    /// Each step's output is the query (Luong, Pham and Manning, 2015). The layers run over a whole sequence in one pass.
    case luong(Attention<Scalar>.Score = .general)
    /// The output of the step before is the query, and the context is read beside the input (Bahdanau, Cho and Bengio, 2015),
    /// step by step.
    case bahdanau(units: Int)
  }

  public let style: Style
  /// Layers, the lowest first, which read forward; of Bahdanau's, the lowest reads the input and the context after it.
  public var stack: StackedRecurrent<Cell>
  public var attention: Attention<Scalar>
  /// W, [width, memory + width], with a bias and the tanh.
  public var combination: Dense<Scalar>

  /// - Parameter memory: width of a vector of the memory.
  /// - Precondition: the stack is of one direction; in Bahdanau's style its input is wider than the memory.
  public init(_ stack: StackedRecurrent<Cell>, attending style: Style, memory: Int) {
    require(!stack.isBidirectional, "AttentionDecoder: a decoder reads forward, and the stack is bidirectional")
    self.stack = stack
    self.style = style
    let width = stack.outputSize
    switch style {
    case .luong(let score): attention = Attention(score, query: width, memory: memory)
    case .bahdanau(let units):
      require(
        stack.cells[0].inputSize > memory,
        "AttentionDecoder: an input of \(stack.cells[0].inputSize) has no room beside a context of \(memory)")
      attention = Attention(.additive(units: units), query: width, memory: memory)
    }
    combination = Dense(memory + width, width, activation: .tanh)
  }

  /// Width of the vectors that the decoder reads, beside the context.
  public var inputSize: Int {
    switch style {
    case .luong: stack.cells[0].inputSize
    case .bahdanau: stack.cells[0].inputSize - (combination.weight.shape[1] - stack.outputSize)
    }
  }

  /// Runs sequences. An output depends on the steps up to its own, so that padding at the end of shorter ones changes nothing.
  ///
  /// - Parameters:
  ///   - inputs: [T, B, inputSize].
  ///   - state: of each layer; nil for the initial one.
  /// - Returns: outputs, [T, B, width]; attention weights, [T, B, S]; and the state after the last step.
  public func run(
    _ inputs: Variable<Scalar>, over memory: AttentionMemory<Scalar>, from state: [Cell.State]? = nil,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, weights: Variable<Scalar>, state: [Cell.State]) {
    if inputs.shape.rank != 3 || inputs.shape[0] == 0 || inputs.shape[2] != inputSize {
      shapeFailure("AttentionDecoder", inputs.shape, hint: "the input must be [T, B, \(inputSize)]")
    }
    let state = state ?? stack.initialState(batchSize: inputs.shape[1], in: &context)
    let hidden: Variable<Scalar>
    let contexts: Variable<Scalar>
    let weights: Variable<Scalar>
    let last: [Cell.State]
    switch style {
    case .luong:
      (hidden, last) = stack.run(.vectors(inputs), from: state, in: &context)
      (contexts, weights) = attention(hidden, over: memory, in: &context)
    case .bahdanau: (hidden, contexts, weights, last) = runSteps(inputs, over: memory, from: state, in: &context)
    }
    let outputs = combination(.concatenate([contexts, hidden], axis: 2), in: &context)
    return (outputs, weights, last)
  }

  private func runSteps(
    _ inputs: Variable<Scalar>, over memory: AttentionMemory<Scalar>, from state: [Cell.State],
    in context: inout ForwardContext<Scalar>
  ) -> (
    hidden: Variable<Scalar>, contexts: Variable<Scalar>, weights: Variable<Scalar>, state: [Cell.State]
  ) {
    var (state, query) = (state, state.last!.components[0])
    query = query.reshaped([1] + query.shape.dimensions)
    var (hidden, contexts, weights) = ([Variable<Scalar>](), [Variable<Scalar>](), [Variable<Scalar>]())
    for t in 0..<inputs.shape[0] {
      let found = attention(query, over: memory, in: &context)
      let input = Variable.concatenate([inputs.slice(axis: 0, t..<t + 1), found.context], axis: 2)
      (query, state) = stack.run(.vectors(input), from: state, in: &context)
      hidden.append(query)
      contexts.append(found.context)
      weights.append(found.weights)
    }
    func joined(_ steps: [Variable<Scalar>]) -> Variable<Scalar> { .concatenate(steps, axis: 0) }
    return (joined(hidden), joined(contexts), joined(weights), state)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&stack, "rnn")
    try visitor.visit(&attention, "attention")
    try visitor.visit(&combination, "combination")
  }
}
