import TensorCore

// Losses of numbers that are to be near others. Both sides get gradients, so that either may be what is learned.

/// The mean of (prediction − target)² over all elements, in the square of their unit.
///
/// - Precondition: the shapes are equal.
public func meanSquaredError<Scalar>(_ prediction: Variable<Scalar>, _ target: Variable<Scalar>) -> Variable<Scalar> {
  requireSameShape("meanSquaredError", prediction.shape, target.shape)
  let (difference, isLearned) = (prediction.value - target.value, target.isRecorded)
  return meanLoss(difference.squared(), over: difference.count, of: [prediction, target]) {
    let gradient = difference * (2 * $0)
    return [gradient, isLearned ? -gradient : nil]
  }
}

/// The mean of |prediction − target| over all elements, in their unit. Its gradient is 0 where the two are equal.
///
/// - Precondition: the shapes are equal.
public func meanAbsoluteError<Scalar>(_ prediction: Variable<Scalar>, _ target: Variable<Scalar>) -> Variable<Scalar> {
  requireSameShape("meanAbsoluteError", prediction.shape, target.shape)
  let (difference, isLearned) = (prediction.value - target.value, target.isRecorded)
  return meanLoss(difference.absolute(), over: difference.count, of: [prediction, target]) {
    let gradient = difference.sign() * $0
    return [gradient, isLearned ? -gradient : nil]
  }
}

/// The mean over all elements of d² / 2 where |d| ≤ delta, else delta · (|d| − delta / 2), with d = prediction − target
/// (Huber, 1964): squared near the target, absolute away from it.
///
/// - Precondition: the shapes are equal, and delta is positive.
public func huber<Scalar>(
  _ prediction: Variable<Scalar>, _ target: Variable<Scalar>, delta: Double = 1
) -> Variable<Scalar> {
  requireSameShape("huber", prediction.shape, target.shape)
  require(delta > 0, "huber: delta is \(delta), not positive")
  let (difference, isLearned) = (prediction.value - target.value, target.isRecorded)
  let bound = difference.number(Scalar(delta))
  let size = difference.absolute()
  let bounded = Tensor.minimum(size, bound)
  return meanLoss(bounded * (size - bounded * 0.5), over: size.count, of: [prediction, target]) {
    let gradient = Tensor.maximum(Tensor.minimum(difference, bound), -bound) * $0
    return [gradient, isLearned ? -gradient : nil]
  }
}
