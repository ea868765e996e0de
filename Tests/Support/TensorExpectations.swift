import TensorCore
import Testing

/// Expects two tensors of one shape whose elements differ by less than a tolerance.
package func expectClose(
  _ found: Tensor<Double>, _ expected: Tensor<Double>, _ label: Comment? = nil, within tolerance: Double = 1e-12,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.shape == expected.shape, label, sourceLocation: sourceLocation)
  guard found.shape == expected.shape, found.count > 0 else { return }
  #expect((found - expected).absolute().max().scalar < tolerance, label, sourceLocation: sourceLocation)
}
