import Autograd
import RecurrentLayers
import TensorCore

/// Terms of the loss for the top layer's outputs; see `activationRegularization`.
public struct ActivationPenalties: Sendable, Equatable {
  /// Weight α of the penalty on large outputs.
  public var activation: Double
  /// Weight β of the penalty on outputs that change from step to step.
  public var temporal: Double

  public init(activation: Double = 0, temporal: Double = 0) {
    (self.activation, self.temporal) = (activation, temporal)
  }

  /// Adds the penalties to the objective of a pass.
  ///
  /// - Parameters:
  ///   - outputs: outputs of the top layer, [time, batch, output].
  ///   - dropped: the same after dropout, as the decoder reads them.
  func add<Scalar>(
    outputs: Variable<Scalar>, afterDropout dropped: Variable<Scalar>, to context: inout ForwardContext<Scalar>
  ) {
    if activation > 0 { context.penalize(activationRegularization(dropped, weight: activation)) }
    if temporal > 0 { context.penalize(temporalActivationRegularization(outputs, weight: temporal)) }
  }
}
