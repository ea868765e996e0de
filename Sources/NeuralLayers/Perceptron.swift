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
  /// - Precondition: the shapes fit, and `rate` and `mostEpochs` are positive.
  /// - Throws: `PerceptronError` for a target that is neither 0 nor 1, or an input that is not finite.
  public mutating func learn(
    _ inputs: Tensor<Scalar>, targets: Tensor<Scalar>, rate: Scalar = 1, mostEpochs: Int = 1000
  ) throws(PerceptronError) -> PerceptronLearning {
    guard inputs.rank == 2, neuron.weights.shape == [inputs.shape[1]], targets.shape == [inputs.shape[0]] else {
      shapeFailure(
        "Perceptron", neuron.weights.shape, inputs.shape, targets.shape,
        hint: "weights, inputs and targets are [inputs], [samples, inputs] and [samples]")
    }
    require(rate > 0 && rate.isFinite, "Perceptron: the rate \(rate) is not a positive number")
    require(mostEpochs > 0, "Perceptron: learning takes at least one epoch, not \(mostEpochs)")
    let targets = targets.scalars
    if let row = targets.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      throw .targetNotBinary(targets[row].double, row: row)
    }
    if let place = inputs.firstNonFinite {
      throw .inputNotFinite(row: place / inputs.shape[1], column: place % inputs.shape[1])
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

/// Data that a perceptron cannot learn from: what and where. Rows and columns are counted from 0.
public enum PerceptronError: Error, Equatable, CustomStringConvertible {
  case targetNotBinary(Double, row: Int)
  case inputNotFinite(row: Int, column: Int)

  public var description: String {
    switch self {
    case .targetNotBinary(let value, let row): "the target \(value) at row \(row) is neither 0 nor 1; correct it"
    case .inputNotFinite(let row, let column):
      "the input at row \(row), column \(column) is not a finite number; correct it, or leave the row out"
    }
  }
}

/// How a perceptron's learning ended.
public enum PerceptronLearning: Sendable, Equatable {
  /// The last of so many epochs passed without a mistake.
  case converged(epochs: Int)
  /// All epochs allowed were used up, and in the last one so many samples were misclassified when their turn came.
  case notConverged(epochs: Int, errors: Int)
}
