import Autograd
import TensorCore
import Testing

/// The seeds of the random points at which gradients are checked; a failure names its own.
let seeds: [UInt64] = [1, 2]

/// Elements drawn evenly from a range.
func random(_ shape: TensorShape, in range: Range<Double> = -2..<2, _ source: inout RandomSource) -> Tensor<Double> {
  .uniform(shape, in: range, using: &source)
}

/// One number that depends on every element of a variable, on each in another way.
func projection(_ variable: Variable<Double>) -> Variable<Double> {
  var source = RandomSource(seed: 97)
  return (variable * Variable(.uniform(variable.shape, in: 0.5..<1.5, using: &source))).sum()
}

/// Expects the tape's gradient with respect to each input to be the numeric one, and none to be zero.
func expectGradients(
  at inputs: [Tensor<Double>], _ label: String, sourceLocation: SourceLocation = #_sourceLocation,
  of function: ([Variable<Double>]) -> Variable<Double>
) {
  let named = inputs.enumerated().map { (name: "input \($0)", value: $1) }
  expectPassing(
    GradientCheck.compare(named) { projection(function($0)) }, label, sourceLocation: sourceLocation)
}

/// Expects every comparison to pass, none of them because there was nothing to compare.
func expectPassing(
  _ comparisons: [GradientCheck.Comparison], _ label: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  for comparison in comparisons {
    let place: Comment = "\(label), \(comparison.name) \(comparison.shape): relative error \(comparison.relativeError)"
    #expect(comparison.passes, place, sourceLocation: sourceLocation)
    #expect(comparison.norm > 0, place, sourceLocation: sourceLocation)
  }
}
