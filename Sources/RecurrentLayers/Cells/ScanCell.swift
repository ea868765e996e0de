import Autograd
import NeuralLayers
import TensorCore

/// A cell whose gates and candidates depend on the input alone, h' = a·h + b: the gates of a whole sequence are one
/// product, and the steps are an elementwise scan.
///
/// Memory for the backward pass: the gates, a, b and h of all steps.
protocol ScanCell<Scalar>: RecurrentCell where State == HiddenState<Scalar> {
  static var gateCount: Int { get }
  var weights: InputWeights<Scalar> { get set }

  /// a and b, [..., hidden], from the preactivations of all gates, [..., gates · hidden].
  func coefficients(_ gates: Variable<Scalar>) -> (a: Variable<Scalar>, b: Variable<Scalar>)
}

extension ScanCell {
  public var inputSize: Int { weights.inputWeight.shape[1] }
  public var hiddenSize: Int { weights.inputWeight.shape[0] / Self.gateCount }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let (a, b) = coefficients(weights(input, in: context))
    let hidden = a * state.hidden + b
    return (hidden, HiddenState(hidden: hidden))
  }

  public func run(
    _ request: SequenceRequest<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: HiddenState<Scalar>) {
    let sequence = request.sequence.validated(inputSize: inputSize)
    let stateShape: TensorShape = [sequence.batch, hiddenSize]
    if state.hidden.shape != stateShape {
      shapeFailure("initial state", state.hidden.shape, stateShape, hint: "it must be [batch, width]")
    }
    var (a, b) = coefficients(weights(sequence, in: context))
    if let lengths = sequence.lengths {
      // A sequence that has ended keeps its state: h' = 1·h + 0.
      (a, b) = (a.keepingPositions(lengths.mask, else: Variable(.ones(a.shape))), b.withoutPadding(lengths))
    }
    if let resets = sequence.resets {
      // A sequence that is reset: h' = 0·h + a·(state after the reset) + b.
      if let start = request.resetState.first { b = b + (a * start).keepingPositions(resets.positions) }
      a = a.keepingPositions(resets.positions.map { !$0 })
    }
    let (outputs, last) = linearScan(a, b, from: state.hidden, in: context)
    return (sequence.lengths.map { outputs.withoutPadding($0) } ?? outputs, HiddenState(hidden: last))
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
  }
}
