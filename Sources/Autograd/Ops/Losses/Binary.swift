import TensorCore

// Losses of yes and no. The targets are constants.

/// The mean over all elements of −(t · log p + (1 − t) · log(1 − p)), in nats, for probabilities p and targets t in 0...1.
///
/// As in PyTorch a logarithm is at least −100, and the gradient (p − t) / (p · (1 − p)) divides by at least 1e-12, so that both
/// are finite for probabilities of 0 and 1. Where the probabilities come from a sigmoid, `binaryCrossEntropyFromLogits` is
/// more exact.
///
/// - Precondition: the shapes are equal.
public func binaryCrossEntropy<Scalar>(
  _ probabilities: Variable<Scalar>, targets: Tensor<Scalar>
) -> Variable<Scalar> {
  requireSameShape("binaryCrossEntropy", probabilities.shape, targets.shape)
  let p = probabilities.value
  let smallest = p.number(-100)
  let (yes, no) = (Tensor.maximum(p.log(), smallest), Tensor.maximum((-p).log1p(), smallest))
  return meanLoss((targets - 1) * no - targets * yes, over: p.count, of: [probabilities]) {
    [(p - targets) / Tensor.maximum((1 - p) * p, p.number(1e-12)) * $0]
  }
}

/// The mean over all elements of −(t · log σ(x) + (1 − t) · log(1 − σ(x))), in nats, for logits x and targets t in 0...1.
///
/// It is computed as max(x, 0) − x · t + log(1 + e^−|x|), which neither overflows nor cancels; its gradient is σ(x) − t.
///
/// - Precondition: the shapes are equal.
public func binaryCrossEntropyFromLogits<Scalar>(
  _ logits: Variable<Scalar>, targets: Tensor<Scalar>
) -> Variable<Scalar> {
  requireSameShape("binaryCrossEntropyFromLogits", logits.shape, targets.shape)
  let x = logits.value
  let losses = (x.relu() - x * targets) + (-x.absolute()).softplus()
  return meanLoss(losses, over: x.count, of: [logits]) { [(x.sigmoid() - targets) * $0] }
}

/// The mean over all elements of max(0, 1 − t · y), for scores y and targets t that are −1 or 1 (Cortes & Vapnik, 1995).
/// Where the margin t · y is exactly 1 the gradient is 0.
///
/// - Precondition: the shapes are equal.
public func hinge<Scalar>(_ scores: Variable<Scalar>, targets: Tensor<Scalar>) -> Variable<Scalar> {
  requireSameShape("hinge", scores.shape, targets.shape)
  let losses = (1 - targets * scores.value).relu()
  return meanLoss(losses, over: losses.count, of: [scores]) {
    [ActivationFunction.relu.gradient(kept: losses, upstream: targets * -$0)]
  }
}
