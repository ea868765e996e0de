import TensorCore

/// The mean of `losses`, whose sum is taken over all elements, over `count` elements or rows: one node. Over none it is 0.
///
/// - Parameter gradients: from a factor, a single number, to factor · ∂Σ losses/∂input for each input.
func meanLoss<Scalar>(
  _ losses: Tensor<Scalar>, over count: Int, of inputs: [Variable<Scalar>],
  gradients: @escaping (_ factor: Tensor<Scalar>) -> [Tensor<Scalar>?]
) -> Variable<Scalar> {
  let divisor = Scalar(max(count, 1))
  return Variable.operation(losses.sum() / divisor, of: inputs) { gradients($0 / divisor) }
}

/// Traps unless a loss is given predictions and targets of one shape.
func requireSameShape(_ operation: String, _ prediction: TensorShape, _ target: TensorShape) {
  if prediction != target {
    shapeFailure(operation, prediction, target, hint: "predictions and targets need the same shape")
  }
}
