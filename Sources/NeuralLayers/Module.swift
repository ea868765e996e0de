import Autograd
import TensorCore

/// Something with parameters: a layer, a cell, a whole model. A module is a value; copying it copies its parameters.
public protocol Module<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// Shows each parameter, with its name, to a visitor: one line a parameter or child module.
  ///
  /// This one method names the parameters for checkpoints, counts, initialization, clipping, gradients and optimizers. The
  /// order and the names must be the same each time, the names unique.
  mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure)
}

/// A module that maps one variable to another, so that layers can be stacked. A layer of one's own takes a few lines:
///
///     struct Scale<Scalar: TensorScalar>: Layer {
///       var factor: Parameter<Scalar>
///
///       init(_ width: Int) { factor = Parameter([width], .constant(1)) }
///
///       func callAsFunction(_ x: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
///         x * context.variable(factor)
///       }
///
///       mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
///         try visitor.visit(&factor, "factor")
///       }
///     }
///
/// Sequences are [batch, time, …]; `context.lengths` has their lengths where they differ. A layer that computes each step by
/// itself needs no care: what it makes of the padding (zeros at first) counts nowhere, as long as values and slopes are finite
/// there. A layer made of others passes their `inputTokens` and `outputSteps` on, so that data are checked before they are
/// read.
public protocol Layer<Scalar>: Module {
  func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar>

  /// The number of tokens whose ids the layer reads; nil where it reads vectors.
  var inputTokens: Int? { get }

  /// The number of steps that the layer makes of a sequence of so many; nil where they are too few for it.
  func outputSteps(of steps: Int) -> Int?
}

extension Layer {
  public var inputTokens: Int? { nil }

  public func outputSteps(of steps: Int) -> Int? { steps }
}

/// One pass over the parameters of a module, reading or changing them.
public protocol ParameterVisitor<Scalar> {
  associatedtype Scalar: TensorScalar
  associatedtype Failure: Error = Never

  /// Position of the visit in the tree of modules; a visitor only has to store it.
  var path: ParameterPath { get set }

  /// Called for each parameter, with its full name.
  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) throws(Failure)
}

/// Prefix and suffix of a parameter's full name: `rnn.` + `weight_ih` + `_l0`.
public struct ParameterPath: Sendable {
  var prefix = ""
  var suffix = ""
  public init() {}
}

extension ParameterVisitor {
  /// Visits a parameter of the current module.
  public mutating func visit(_ parameter: inout Parameter<Scalar>, _ name: String) throws(Failure) {
    try visit(&parameter, at: path.prefix + name + path.suffix)
  }

  /// Visits a parameter that a module may lack.
  public mutating func visit(_ parameter: inout Parameter<Scalar>?, _ name: String) throws(Failure) {
    if parameter != nil { try visit(&parameter!, name) }
  }

  /// Visits a child module, whose parameters are named `name.…`.
  public mutating func visit<M: Module<Scalar>>(_ module: inout M, _ name: String) throws(Failure) {
    let outer = path
    path.prefix += name + "."
    try module.visitParameters(&self)
    path = outer
  }

  /// Visits a child module, whose parameters are named `…suffix`.
  public mutating func visit<M: Module<Scalar>>(_ module: inout M, suffix: String) throws(Failure) {
    let outer = path
    path.suffix = suffix + path.suffix
    try module.visitParameters(&self)
    path = outer
  }
}
