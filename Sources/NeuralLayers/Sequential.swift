import Autograd
import TensorCore

/// Layers one after another, each reading what the one before it gives:
///
///     let model = Sequential {
///       Dense(2, 10, activation: .relu)
///       Dense(10, 1, activation: .sigmoid)
///     }
///
/// Parameters are named by the layer's index, as in PyTorch: `0.weight`, `0.bias`, `1.weight`, … A `Sequential` is a layer
/// itself and may be nested.
public struct Sequential<Scalar: TensorScalar>: Layer {
  /// In the order in which they are applied.
  public var layers: [any Layer<Scalar>]

  /// The layers as they are.
  public init(_ layers: [any Layer<Scalar>]) { self.layers = layers }

  /// Draws the layers that have no values yet from one stream of random numbers; the others keep their values.
  ///
  /// - Parameter seed: decides the values that are drawn. Nil means 0, and lets an enclosing `Sequential` draw them again, so
  ///   that no two layers of one net start alike. (Two separate nets without seeds do.)
  @_disfavoredOverload
  public init(seed: UInt64? = nil, @LayerBuilder<Scalar> _ layers: () -> [any Layer<Scalar>]) {
    self.init(drawing: layers(), seed: seed)
  }

  fileprivate init(drawing layers: [any Layer<Scalar>], seed: UInt64?) {
    self.init(layers)
    var random = RandomSource(seed: seed ?? 0)
    drawMissing(using: &random, provisionally: seed == nil)
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    var x = input
    for layer in layers { x = layer(x, in: &context) }
    return x
  }

  public var inputTokens: Int? { layers.first?.inputTokens }

  public func outputSteps(of steps: Int) -> Int? {
    layers.reduce(steps) { steps, layer in steps.flatMap { layer.outputSteps(of: $0) } }
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    for index in layers.indices { try visitor.visit(&layers[index], "\(index)") }
  }
}

extension Sequential where Scalar == Float {
  /// Layers in single precision, the default.
  public init(seed: UInt64? = nil, @LayerBuilder<Float> _ layers: () -> [any Layer<Float>]) {
    self.init(drawing: layers(), seed: seed)
  }
}

/// Makes a list of layers of the statements in braces; `if`, `for` and lists of layers are understood.
@resultBuilder
public enum LayerBuilder<Scalar: TensorScalar> {
  public static func buildExpression<L: Layer<Scalar>>(_ layer: L) -> [any Layer<Scalar>] { [layer] }
  public static func buildExpression(_ layers: [any Layer<Scalar>]) -> [any Layer<Scalar>] { layers }
  @available(*, unavailable, message: "it is no Layer: each element of a Sequential maps one variable to another")
  @_disfavoredOverload
  public static func buildExpression<M: Module<Scalar>>(_ module: M) -> [any Layer<Scalar>] { [] }
  public static func buildBlock(_ parts: [any Layer<Scalar>]...) -> [any Layer<Scalar>] { parts.flatMap { $0 } }
  public static func buildArray(_ parts: [[any Layer<Scalar>]]) -> [any Layer<Scalar>] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer<Scalar>]?) -> [any Layer<Scalar>] { part ?? [] }
  public static func buildEither(first part: [any Layer<Scalar>]) -> [any Layer<Scalar>] { part }
  public static func buildEither(second part: [any Layer<Scalar>]) -> [any Layer<Scalar>] { part }
}
