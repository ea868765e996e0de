import TensorCore

/// The mean over rows of −log softmax(logits)[target], in nats (log loss with the softmax folded in).
///
/// - Parameters:
///   - logits: [..., classes]; each row of the last axis is one prediction.
///   - targets: one class for each row, in row order.
/// - Returns: a single number. With no rows it is 0.
/// - Precondition: there is one target a row, each at least 0 and below the number of classes.
public func softmaxCrossEntropy<Scalar>(
  _ logits: Variable<Scalar>, targets: [Int32], in context: borrowing ForwardContext<Scalar>
) -> Variable<Scalar> {
  let workspace = context.workspace
  if logits.value.device != .cpu {
    checkedClasses("softmaxCrossEntropy", logits.shape, targets: targets)
    let (losses, gradient) = logits.value.softmaxCrossEntropyOnDevice(
      targets: targets, wantsGradient: logits.isRecorded, pool: workspace.pool)
    return Variable.operation(targets.isEmpty ? losses.sum() : losses.mean(), of: [logits]) { [gradient! * $0] }
  }
  let (losses, gradient) = crossEntropyRows(
    logits.value, targets: targets, wantsGradient: logits.isRecorded, workspace: workspace)
  let mean = losses.reduce(0, +) / Double(max(losses.count, 1))
  return Variable.operation(Tensor(Scalar(mean)), of: [logits]) { upstream in
    upstream.scalar == 1 ? [gradient!] : [gradient! * upstream.scalar]
  }
}

/// The loss of every row, in nats, and, where wanted, the gradient of their mean with respect to the logits.
package func crossEntropyRows<Scalar>(
  _ logits: Tensor<Scalar>, targets: [Int32], wantsGradient: Bool = false, workspace: Workspace<Scalar>
) -> (losses: [Double], gradient: Tensor<Scalar>?) {
  checkedClasses("softmaxCrossEntropy", logits.shape, targets: targets)
  if logits.device != .cpu {
    let (losses, gradient) = logits.softmaxCrossEntropyOnDevice(
      targets: targets, wantsGradient: wantsGradient, pool: workspace.pool)
    return (losses.forHost().scalars.map(\.double), gradient)
  }
  return logits.softmaxCrossEntropy(
    targets: targets, wantsGradient: wantsGradient, team: workspace.team, pool: workspace.pool)
}
