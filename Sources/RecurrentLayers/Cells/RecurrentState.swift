import Autograd
import TensorCore

/// State that a recurrent cell carries from step to step: one or more matrices [batch, width].
public protocol RecurrentState<Scalar> {
  associatedtype Scalar: TensorScalar

  /// Names of the components, for saving: `hidden`, `cell`.
  static var componentNames: [String] { get }
  /// Components in the order of their names.
  var components: [Variable<Scalar>] { get }
  /// A state of components in the order of their names.
  init(components: [Variable<Scalar>])
}

extension RecurrentState {
  /// This state as constants: backpropagation stops here.
  public func detached() -> Self { Self(components: components.map { $0.detached() }) }

  /// A state of zeros, each component [batchSize, width].
  public static func zeros(batchSize: Int, widths: [Int]) -> Self {
    Self(components: widths.map { Variable(.zeros([batchSize, $0])) })
  }

  /// A state of zeros where the passes of a workspace are computed.
  package static func zeros(batchSize: Int, widths: [Int], in workspace: Workspace<Scalar>) -> Self {
    Self(components: widths.map { Variable(.zeros([batchSize, $0], pool: workspace.pool)) })
  }
}

/// State of a cell whose only component is its output, as in an Elman network or a GRU.
public struct HiddenState<Scalar: TensorScalar>: RecurrentState {
  /// h, [batch, hidden].
  public var hidden: Variable<Scalar>

  public init(hidden: Variable<Scalar>) { self.hidden = hidden }

  public static var componentNames: [String] { ["hidden"] }
  public var components: [Variable<Scalar>] { [hidden] }
  public init(components: [Variable<Scalar>]) { self.init(hidden: components[0]) }
}

/// State of an LSTM.
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
