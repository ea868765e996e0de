import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// Elements drawn evenly from a range.
func random(_ shape: TensorShape, in range: Range<Double> = -2..<2, _ source: inout RandomSource) -> Tensor<Double> {
  .uniform(shape, in: range, using: &source)
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
