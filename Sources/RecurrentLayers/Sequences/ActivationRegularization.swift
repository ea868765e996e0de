import Autograd
import TensorCore

/// α · mean(h²), over all steps, sequences and features: keeps outputs small (activation regularization: Merity, McCann
/// and Socher, 2017). To be added to a loss.
///
/// - Parameters:
///   - outputs: h, [time, batch, features]; in the paper those after dropout.
///   - weight: α.
///   - lengths: of the sequences, whose padding then does not count.
public func activationRegularization<Scalar>(
  _ outputs: Variable<Scalar>, weight: Double, lengths: SequenceLengths? = nil
) -> Variable<Scalar> {
  requireOutputs(outputs, lengths, "activationRegularization")
  let steps = lengths.map { $0.steps.reduce(0, +) } ?? outputs.shape[0] * outputs.shape[1]
  let own = lengths.map { outputs.withoutPadding($0) } ?? outputs
  return own.squared().sum() * Scalar(weight / Double(max(steps * outputs.shape[2], 1)))
}

/// β · mean((hₜ − hₜ₋₁)²), over all pairs of steps, sequences and features: keeps outputs from changing fast (temporal
/// activation regularization: Merity, McCann and Socher, 2017). To be added to a loss; 0 where no sequence has two
/// steps.
///
/// - Parameters:
///   - outputs: h, [time, batch, features]; in the paper those before dropout.
///   - weight: β.
///   - lengths: of the sequences, whose padding then does not count.
public func temporalActivationRegularization<Scalar>(
  _ outputs: Variable<Scalar>, weight: Double, lengths: SequenceLengths? = nil
) -> Variable<Scalar> {
  requireOutputs(outputs, lengths, "temporalActivationRegularization")
  let (time, batch) = (outputs.shape[0], outputs.shape[1])
  if time < 2 { return Variable(outputs.value.number(0)) }
  let pairs = lengths.map { $0.steps.reduce(0) { $0 + $1 - 1 } } ?? (time - 1) * batch
  let own = lengths.map { outputs.withoutPadding($0) } ?? outputs
  var changes = own.slice(axis: 0, 1..<time) - own.slice(axis: 0, 0..<time - 1)
  // From a sequence's last step to its padding there is no change.
  if let lengths { changes = changes.withoutPadding(lengths.segment(1..<time)) }
  return changes.squared().sum() * Scalar(weight / Double(max(pairs * outputs.shape[2], 1)))
}

private func requireOutputs<Scalar>(_ outputs: Variable<Scalar>, _ lengths: SequenceLengths?, _ operation: String) {
  if outputs.shape.rank != 3 {
    shapeFailure(operation, outputs.shape, hint: "the outputs must be [time, batch, features]")
  }
  guard let lengths, lengths.time != outputs.shape[0] || lengths.count != outputs.shape[1] else { return }
  programmingError(
    "\(operation): lengths of \(lengths.count) sequences in \(lengths.time) steps for outputs of shape \(outputs.shape)"
  )
}
