import TensorCheckpoints
import TensorCore
import Testing

/// Outputs, final states and every gradient equal PyTorch's on the same weights.
@Suite struct RecurrentParityTests {
  // A saturated unit's derivative, 1 − h², is lost to cancellation in single precision, in PyTorch as here: what such units
  // alone contribute to is small and cannot be held to its own size.
  private let smallestInFloat = 1e-3

  @Test(arguments: try RecurrentCase.all(), RecurrentPass.allCases)
  func equalsPyTorchInDouble(_ reference: RecurrentCase, _ pass: RecurrentPass) throws {
    try expectEqual(RecurrentRun<Double>(reference, pass), reference, within: 1e-7)
  }

  @Test(arguments: try RecurrentCase.all(), RecurrentPass.allCases)
  func equalsPyTorchInFloat(_ reference: RecurrentCase, _ pass: RecurrentPass) throws {
    try expectEqual(RecurrentRun<Float>(reference, pass), reference, within: 5e-5, smallest: smallestInFloat)
  }

  private func expectEqual<Scalar>(
    _ run: RecurrentRun<Scalar>, _ reference: RecurrentCase, within tolerance: Double, smallest: Double = 0
  ) throws {
    #expect(Set(run.gradients.keys) == reference.differentiated)
    for (name, relative) in try run.differences(from: reference, smallest: smallest) {
      #expect(relative <= tolerance, "\(name)")
    }
  }

  /// Prints how far from PyTorch a large sweep is at most.
  @Test(.enabled(if: RecurrentCase.sweepFile != nil))
  func largestDifferences() throws {
    func largest<Scalar>(_ type: Scalar.Type, _ pass: RecurrentPass, smallest: Double = 0) throws
    where Scalar: TensorScalar & StoredValue {
      let all = try RecurrentCase.all().flatMap { reference in
        try RecurrentRun<Scalar>(reference, pass).differences(from: reference, smallest: smallest).map {
          (reference, $0)
        }
      }
      let (reference, (name, relative)) = try #require(all.max { $0.1.relative < $1.1.relative })
      print("\(type), \(pass): \(relative) in \(name) of \(reference)")
    }
    for pass in RecurrentPass.allCases {
      try largest(Double.self, pass)
      try largest(Float.self, pass, smallest: smallestInFloat)
    }
  }
}
