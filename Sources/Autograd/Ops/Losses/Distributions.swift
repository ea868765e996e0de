import TensorCore

// Losses of distributions over classes, along the last axis. The targets are constants.

/// The mean over rows of −Σ t · log softmax(logits), in nats, for targets t that are distributions over the classes.
///
/// - Parameters:
///   - logits: [..., classes]; each row of the last axis is one prediction.
///   - distributions: of the same shape. A class of probability 0 does not count, whatever its logit.
/// - Precondition: the shapes are equal, with one axis or more.
public func softmaxCrossEntropy<Scalar>(
  _ logits: Variable<Scalar>, distributions: Tensor<Scalar>
) -> Variable<Scalar> {
  requireSameShape("softmaxCrossEntropy", logits.shape, distributions.shape)
  let logProbabilities = logits.value.logSoftmax()
  let losses = -Tensor.weighed(logProbabilities, by: distributions)
  return meanLoss(losses, over: losses.shape.rowCount, of: [logits]) {
    let totals = distributions.sum(axis: -1, keepingAxis: true)
    return [(logProbabilities.exp() * totals - distributions) * $0]
  }
}

/// The mean over rows of −log p[target], in nats, from the logarithms of probabilities (of `logSoftmax`, say).
///
/// - Parameters:
///   - logProbabilities: [..., classes]; each row of the last axis is one prediction.
///   - targets: one class for each row, in row order.
/// - Precondition: there is one target a row, each at least 0 and below the number of classes.
public func negativeLogLikelihood<Scalar>(
  _ logProbabilities: Variable<Scalar>, targets: [Int32]
) -> Variable<Scalar> {
  let classes = checkedClasses("negativeLogLikelihood", logProbabilities.shape, targets: targets)
  let chosen = Tensor.oneHot(targets, classes: classes, beside: logProbabilities.value).reshaped(
    logProbabilities.shape.dimensions)
  let losses = -Tensor.weighed(logProbabilities.value, by: chosen)
  return meanLoss(losses, over: targets.count, of: [logProbabilities]) { [chosen * -$0] }
}

/// The mean over rows of Σ t · (log t − log p), in nats: the divergence of a prediction p from target distributions t
/// (Kullback & Leibler, 1951).
///
/// - Parameters:
///   - logProbabilities: [..., classes]: log p.
///   - distributions: t, of the same shape. A class of probability 0 contributes 0, whatever was predicted for it.
/// - Precondition: the shapes are equal, with one axis or more.
public func kullbackLeibler<Scalar>(
  _ logProbabilities: Variable<Scalar>, distributions: Tensor<Scalar>
) -> Variable<Scalar> {
  requireSameShape("kullbackLeibler", logProbabilities.shape, distributions.shape)
  require(distributions.rank > 0, "kullbackLeibler: predictions of shape [] have no axis of classes")
  let predicted = Tensor.weighed(logProbabilities.value, by: distributions)
  let losses = Tensor.weighed(distributions.log(), by: distributions) - predicted
  return meanLoss(losses, over: losses.shape.rowCount, of: [logProbabilities]) { [distributions * -$0] }
}

/// The number of classes of predictions; traps unless there is a class among them for every row.
@discardableResult
func checkedClasses(_ operation: String, _ predictions: TensorShape, targets: [Int32]) -> Int {
  let classes = predictions.rank == 0 ? 0 : predictions[-1]
  require(
    targets.count == predictions.rowCount,
    "\(operation): \(targets.count) targets for predictions of shape \(predictions)")
  if let bad = targets.first(where: { $0 < 0 || $0 >= classes }) {
    programmingError("\(operation): the target \(bad) is none of the \(classes) classes")
  }
  return classes
}
