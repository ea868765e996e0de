import Autograd
import NeuralLayers
import TensorCore

/// One time step of a recurrent network: from an input and a state to an output and the next state.
///
/// A cell that implements `step` alone runs over sequences step by step; the cells of this module also run a whole
/// sequence in one pass. Cells of other modules leave `run(_:from:in:)` over a request to its default.
public protocol RecurrentCell<Scalar>: Module {
  associatedtype State: RecurrentState<Scalar>

  /// Width of the input.
  var inputSize: Int { get }
  /// Width of the output.
  var hiddenSize: Int { get }

  /// Width of each component of the state; that of the output by default.
  var stateWidths: [Int] { get }

  /// Initial state; zeros by default.
  func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> State

  /// Calls `body` with each weight that multiplies the previous state, for weight drop; with none by default.
  mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void)

  /// Computes one time step.
  ///
  /// - Parameters:
  ///   - input: [batch, inputSize].
  ///   - state: the state after the previous step.
  /// - Returns: the output, [batch, hiddenSize], and the state after this step.
  func step(
    _ input: Variable<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: State)

  /// Runs a whole sequence; step by step by default.
  ///
  /// - Returns: the outputs of all steps, [time, batch, hiddenSize], and the state after the last step.
  func run(
    _ request: SequenceRequest<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State)
}

extension RecurrentCell {
  public var stateWidths: [Int] { State.componentNames.map { _ in hiddenSize } }

  public func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> State {
    .zeros(batchSize: batchSize, widths: stateWidths, in: context.workspace)
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {}

  /// Runs a whole sequence.
  ///
  /// - Returns: the outputs of all steps, [time, batch, hiddenSize], and the state after the last step.
  public func run(
    _ sequence: SequenceInput<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State) {
    run(SequenceRequest(sequence), from: state, in: &context)
  }
}
