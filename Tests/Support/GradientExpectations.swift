import Autograd
import TensorCore
import Testing

/// The seeds of the random points at which gradients are checked; a failure names its own.
package let gradientSeeds: [UInt64] = [1, 2]

/// Scalar loss that depends on every element of a variable, on each with a weight of its own between 0.5 and 1.5; on its device.
package func projection(_ variable: Variable<Double>, seed: UInt64 = 97) -> Variable<Double> {
  var random = RandomSource(seed: seed)
  let weights = Tensor<Double>.uniform(variable.shape, in: 0.5..<1.5, using: &random)
  return (variable * Variable(weights.copied(to: variable.value.device))).sum()
}

/// Expects every analytic gradient to agree with the numeric one, and none to be zero, where there would be nothing to compare.
package func expectPassing(
  _ comparisons: [GradientCheck.Comparison], _ label: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let prefix = label.isEmpty ? "" : "\(label), "
  for comparison in comparisons {
    let finding: Comment = "\(prefix)\(comparison.name) \(comparison.shape): relative error \(comparison.relativeError)"
    #expect(comparison.passes, finding, sourceLocation: sourceLocation)
    #expect(comparison.norm > 0, finding, sourceLocation: sourceLocation)
  }
}
