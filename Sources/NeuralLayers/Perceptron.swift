import TensorCore

/// A neuron that learns from its mistakes.
///
/// Source: Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain" (1958).
public struct Perceptron<Scalar: TensorScalar>: Sendable, Equatable {
  public var neuron: Neuron<Scalar>

  public init(_ neuron: Neuron<Scalar>) { self.neuron = neuron }

  /// A perceptron whose weights and bias are 0.
  public init(inputs: Int) { self.init(Neuron(weights: .zeros([inputs]), bias: 0)) }

  /// The class of each input, 0 or 1; see `Neuron`.
  public func callAsFunction(_ inputs: Tensor<Scalar>) -> Tensor<Scalar> { neuron(inputs) }

  /// Learns from each sample in turn, epoch after epoch, until an epoch passes without a mistake:
  ///
  ///     w ← w + rate·(target − output)·x   b ← b + rate·(target − output)
  ///
  /// If a plane separates the classes, learning from zero weights converges: with inputs x no longer than R and each at
  /// least γ away from the plane, x and the plane taken with a further input of 1 for the bias, after (R/γ)² mistakes at
  /// most (Novikoff, "On convergence proofs on perceptrons", 1962). Else it never would, and ends with the epochs.
  ///
  /// - Parameters:
  ///   - inputs: [samples, inputs].
  ///   - targets: [samples], each 0 or 1.
  /// - Precondition: the shapes fit, every target is 0 or 1, and `rate` and `mostEpochs` are positive.
  public mutating func learn(
    _ inputs: Tensor<Scalar>, targets: Tensor<Scalar>, rate: Scalar = 1, mostEpochs: Int = 1000
  ) -> PerceptronLearning {
    guard inputs.rank == 2, neuron.weights.shape == [inputs.shape[1]], targets.shape == [inputs.shape[0]] else {
      shapeFailure(
        "Perceptron", neuron.weights.shape, inputs.shape, targets.shape,
        hint: "weights, inputs and targets are [inputs], [samples, inputs] and [samples]")
    }
    require(rate > 0, "Perceptron: the rate \(rate) is not positive")
    require(mostEpochs > 0, "Perceptron: learning takes at least one epoch, not \(mostEpochs)")
    let targets = targets.scalars
    if let position = targets.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      programmingError("Perceptron: target \(targets[position]) (at position \(position)) is neither 0 nor 1")
    }
    var errors = 0
    for epoch in 1...mostEpochs {
      errors = 0
      for (index, target) in targets.enumerated() {
        let input = inputs.row(index)
        let difference = target - neuron(input).scalar
        if difference == 0 { continue }
        errors += 1
        neuron.weights.addScaled(rate * difference, input)
        neuron.bias += rate * difference
      }
      if errors == 0 { return .converged(epochs: epoch) }
    }
    return .notConverged(epochs: mostEpochs, errors: errors)
  }
}

/// How a perceptron's learning ended.
public enum PerceptronLearning: Sendable, Equatable {
  /// The last of so many epochs passed without a mistake.
  case converged(epochs: Int)
  /// All epochs allowed were used up, and in the last one so many samples were misclassified when their turn came.
  case notConverged(epochs: Int, errors: Int)
}
