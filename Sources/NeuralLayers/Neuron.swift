import TensorCore

/// A single neuron with a threshold: 1 where the weighted sum of its inputs plus the bias is at least 0, else 0.
///
/// Source: McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity" (1943).
public struct Neuron<Scalar: TensorScalar>: Sendable, Equatable {
  /// [inputs].
  public var weights: Tensor<Scalar>
  public var bias: Scalar

  /// - Precondition: the weights are a vector.
  public init(weights: Tensor<Scalar>, bias: Scalar) {
    require(weights.rank == 1, "Neuron: weights of shape \(weights.shape) are not [inputs]")
    self.weights = weights
    self.bias = bias
  }

  /// w·x + b: of one input, [inputs], a single number; of a batch, [batch, inputs], one for each row: [batch].
  ///
  /// - Precondition: the last axis of `inputs` is as long as the weights.
  public func weightedSum(of inputs: Tensor<Scalar>) -> Tensor<Scalar> {
    guard inputs.rank == 1 || inputs.rank == 2, weights.shape == [inputs.shape[-1]] else {
      shapeFailure("Neuron", weights.shape, inputs.shape, hint: "inputs are [inputs] or [batch, inputs]")
    }
    let rows = inputs.reshaped([inputs.rank == 1 ? 1 : inputs.shape[0], weights.count])
    let sums = rows.matmul(weights.reshaped([weights.count, 1])) + bias
    return sums.reshaped(Array(inputs.shape.dimensions.dropLast()))
  }

  /// The output, 0 or 1, for each weighted sum.
  ///
  /// - Precondition: as for `weightedSum(of:)`.
  public func callAsFunction(_ inputs: Tensor<Scalar>) -> Tensor<Scalar> {
    weightedSum(of: inputs).map { $0 >= 0 ? 1 : 0 }
  }
}
