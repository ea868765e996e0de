import Autograd
import TensorCore

/// A layer whose units each see a neighbourhood of the input with weights of their own: a convolution without weight sharing
/// (LeCun, 1989).
///
///     y[u] = W[u]·x[neighbourhood of u] + b[u]
///
/// A sample is [positions, channels], or any other shape of as many numbers in that order ([positions] with one channel);
/// the output is [batch, units, filters].
public struct LocallyConnected<Scalar: TensorScalar>: Layer {
  public let neighbourhoods: Neighbourhoods
  /// [units · filters, channels · window], unit after unit.
  public var weight: Parameter<Scalar>
  /// [units · filters], in the same order.
  public var bias: Parameter<Scalar>?
  public let activation: ActivationFunction
  private let columns: [Int32]
  private let channels: Int

  /// A layer whose weights are still to be drawn, unit by unit; the biases start at 0.
  ///
  /// - Parameters:
  ///   - channels: numbers that the input has at each position.
  ///   - filters: numbers that each unit puts out.
  public init(
    _ neighbourhoods: Neighbourhoods, channels: Int = 1, filters: Int = 1, activation: ActivationFunction = .linear,
    bias: Bool = true, initializer: Initializer = .glorotUniform
  ) {
    require(channels > 0 && filters > 0, "LocallyConnected: \(channels) channels and \(filters) filters")
    let units = neighbourhoods.units
    weight = Parameter(
      [units * filters, channels * neighbourhoods.inputsPerUnit], .stacked(Array(repeating: initializer, count: units)))
    self.bias = bias ? Parameter([units * filters], .zeros) : nil
    self.neighbourhoods = neighbourhoods
    self.activation = activation
    self.channels = channels
    columns = neighbourhoods.columns(channels: channels)
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    require(
      context.lengths == nil, "LocallyConnected: it has weights for each step, and the sequences have several lengths")
    let (units, window) = (neighbourhoods.units, channels * neighbourhoods.inputsPerUnit)
    let patches = neighbourhoods.patches(of: input, columns, channels: channels, "LocallyConnected", in: context)
    let weights = context.variable(weight).reshaped([units, -1, window])
    let sums = locallyLinear(patches.reshaped([-1, units, window]), weight: weights, in: context)
    return activation(bias.map { sums + context.variable($0).reshaped([units, -1]) } ?? sums)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}
