import TensorCheckpoints
import TensorCore
import Testing

/// Outputs, final states and every gradient equal PyTorch's on the same weights.
@Suite struct RecurrentParityTests {
  @Test(arguments: try RecurrentCase.all(), RecurrentPass.allCases)
  func equalsPyTorchInDouble(_ reference: RecurrentCase, _ pass: RecurrentPass) throws {
    try expectEqual(RecurrentRun<Double>(reference, pass), reference, within: 1e-7)
  }

  @Test(arguments: try RecurrentCase.all(), RecurrentPass.allCases)
  func equalsPyTorchInFloat(_ reference: RecurrentCase, _ pass: RecurrentPass) throws {
    // A saturated unit's derivative, 1 − h², is lost to cancellation in single precision, in PyTorch as here: what such
    // units alone contribute to is small and cannot be held to its own size.
    try expectEqual(RecurrentRun<Float>(reference, pass), reference, within: 5e-5, smallest: 1e-3)
  }

  /// The tolerance is relative to the largest value of each tensor, taken to be no less than `smallest`.
  private func expectEqual<Scalar>(
    _ run: RecurrentRun<Scalar>, _ reference: RecurrentCase, within tolerance: Double, smallest: Double = 0
  ) throws {
    #expect(Set(run.gradients.keys) == reference.differentiated)
    let results = run.results.merging(run.gradients.map { ("gradient/" + $0, $1) }) { $1 }
    for (name, found) in results.sorted(by: { $0.key < $1.key }) {
      let expected: Tensor<Double> = try #require(reference.tensor(name), "PyTorch has no \(name)")
      #expect(found.shape == expected.shape, "\(name)")
      #expect(found.scalars.allSatisfy { $0.isFinite }, "\(name)")
      let difference = zip(found.scalars, expected.scalars).map { abs(Double($0) - $1) }.max() ?? 0
      let scale = max(expected.scalars.map(abs).max() ?? 0, smallest)
      #expect(difference <= tolerance * scale, "\(name)")
    }
  }
}
