import Autograd
import NeuralLayers
import TensorCore

/// Weights and biases of a gated cell, stacked by gate as PyTorch stacks them.
public struct GatedWeights<Scalar: TensorScalar>: Module {
  /// W_ih, [gates · hidden, input].
  public var inputWeight: Parameter<Scalar>
  /// W_hh, [gates · hidden, output]; output = hidden unless there is a projection.
  public var recurrentWeight: Parameter<Scalar>
  /// b_ih, [gates · hidden].
  public var inputBias: Parameter<Scalar>?
  /// b_hh, [gates · hidden].
  public var recurrentBias: Parameter<Scalar>?
  /// W_hr, [output, hidden], of cells whose output is a projection of the hidden units.
  public var projection: Parameter<Scalar>?

  /// Weights that are still to be drawn: each gate's W_hh orthogonal, b_hh 0, W_ih and b_ih by their initializers.
  ///
  /// - Parameter projection: width of the output; nil for `hidden`.
  init(
    gates: Int, input: Int, hidden: Int, projection: Int? = nil, bias: Bool, inputWeight: Initializer,
    inputBias: Initializer = .zeros
  ) {
    require(input > 0 && hidden > 0, "a recurrent cell cannot have \(input) inputs and \(hidden) hidden units")
    if let projection {
      require(
        projection > 0 && projection < hidden,
        "a recurrent cell of \(hidden) hidden units cannot have a projection to \(projection)")
    }
    let output = projection ?? hidden
    self.inputWeight = Parameter([gates * hidden, input], inputWeight)
    recurrentWeight = Parameter(
      [gates * hidden, output], .stacked(Array(repeating: .orthogonal, count: gates)))
    self.inputBias = bias ? Parameter([gates * hidden], inputBias) : nil
    recurrentBias = bias ? Parameter([gates * hidden], .zeros) : nil
    self.projection = projection.map { Parameter([$0, hidden], .lecunUniform) }
  }

  var inputSize: Int { inputWeight.shape[1] }
  /// Width of the output, which the next step reads.
  var outputSize: Int { recurrentWeight.shape[1] }

  /// x·W_ihᵀ + b_ih, [batch, gates · hidden].
  func fromInput(_ x: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(x, weight: inputWeight, bias: inputBias, in: context)
  }

  /// h·W_hhᵀ + b_hh, [batch, gates · hidden].
  func fromHidden(_ h: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(h, weight: recurrentWeight, bias: recurrentBias, in: context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&inputWeight, "weight_ih")
    try visitor.visit(&recurrentWeight, "weight_hh")
    try visitor.visit(&inputBias, "bias_ih")
    try visitor.visit(&recurrentBias, "bias_hh")
    try visitor.visit(&projection, "weight_hr")
  }
}

extension Variable {
  /// One of several gates side by side along the last axis.
  func gate(_ index: Int, of count: Int) -> Variable {
    let width = shape[-1] / count
    return slice(axis: -1, index * width..<(index + 1) * width)
  }

  /// New cell state and output gate of an LSTM, from its preactivations in the order i, f, g, o and its cell state.
  func lstmCell(
    from previous: Variable, gates activation: GateActivation = .sigmoid
  ) -> (cell: Variable, output: Variable) {
    let i = activation(gate(0, of: 4))
    let f = activation(gate(1, of: 4))
    let g = gate(2, of: 4).tanh()
    let o = activation(gate(3, of: 4))
    return (f * previous + i * g, o)
  }
}
