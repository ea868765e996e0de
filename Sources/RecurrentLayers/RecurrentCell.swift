import Autograd
import NeuralLayers
import TensorCore

/// One step of a recurrent network: from an input and a state to an output and the next state.
///
/// A cell that implements `step` alone runs over sequences one step at a time; the cells of this module also bring a fast way
/// to run a whole sequence. Cells of other modules leave `run` to that default: what a sequence consists of is known here alone.
public protocol RecurrentCell<Scalar>: Module {
  associatedtype State: RecurrentState<Scalar>

  /// The width of the input.
  var inputSize: Int { get }
  /// The width of the output.
  var hiddenSize: Int { get }

  /// The width of each component of the state: the output's, unless the cell says otherwise.
  var stateWidths: [Int] { get }

  /// The state before anything was seen: zeros, unless the cell says otherwise.
  func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> State

  /// Calls `body` with each weight that multiplies the state of the step before, for weight drop: with none, unless the cell
  /// says otherwise.
  mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void)

  /// - Parameters:
  ///   - input: [batch, inputSize].
  ///   - state: the state after the step before.
  /// - Returns: the output, [batch, hiddenSize], and the state after this step.
  func step(
    _ input: Variable<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: State)

  /// Runs a whole sequence: step by step, unless a cell of this module knows a faster way.
  ///
  /// - Returns: the outputs of all steps, [time, batch, hiddenSize], and the state after the last.
  func run(
    _ sequence: SequenceInput<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State)
}

/// What a recurrent cell carries from step to step: one or more matrices [batch, width].
public protocol RecurrentState<Scalar> {
  associatedtype Scalar: TensorScalar

  /// What each component is called, for saving: `hidden`, `cell`.
  static var componentNames: [String] { get }
  /// The components in the order of their names.
  var components: [Variable<Scalar>] { get }
  /// The state of these components, in the order of the names.
  init(components: [Variable<Scalar>])
}

extension RecurrentState {
  /// The same state as constants: backpropagation stops here.
  public func detached() -> Self { Self(components: components.map { $0.detached() }) }

  /// A state of zeros, each component [batchSize, width].
  public static func zeros(batchSize: Int, widths: [Int]) -> Self {
    Self(components: widths.map { Variable(.zeros([batchSize, $0])) })
  }
}

extension RecurrentCell {
  public var stateWidths: [Int] { State.componentNames.map { _ in hiddenSize } }

  public func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> State {
    .zeros(batchSize: batchSize, widths: stateWidths)
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {}
}

/// The state of a cell whose output is all it remembers: Elman and GRU.
public struct HiddenState<Scalar: TensorScalar>: RecurrentState {
  /// h, [batch, hidden].
  public var hidden: Variable<Scalar>

  public init(hidden: Variable<Scalar>) { self.hidden = hidden }

  public static var componentNames: [String] { ["hidden"] }
  public var components: [Variable<Scalar>] { [hidden] }
  public init(components: [Variable<Scalar>]) { self.init(hidden: components[0]) }
}

/// The state of an LSTM.
public struct LSTMState<Scalar: TensorScalar>: RecurrentState {
  /// h, [batch, output]: as wide as the hidden units, unless the output is projected.
  public var hidden: Variable<Scalar>
  /// c, [batch, hidden].
  public var cell: Variable<Scalar>

  public init(hidden: Variable<Scalar>, cell: Variable<Scalar>) {
    self.hidden = hidden
    self.cell = cell
  }

  public static var componentNames: [String] { ["hidden", "cell"] }
  public var components: [Variable<Scalar>] { [hidden, cell] }
  public init(components: [Variable<Scalar>]) { self.init(hidden: components[0], cell: components[1]) }
}
