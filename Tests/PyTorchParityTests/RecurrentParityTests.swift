import CharrnnTestSupport
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
    try expectEqual(RecurrentRun<Float>(reference, pass), reference, within: 5e-5)
  }

  private func expectEqual<Scalar>(
    _ run: RecurrentRun<Scalar>, _ reference: RecurrentCase, within tolerance: Double
  ) throws {
    #expect(Set(run.gradients.keys) == reference.differentiated)
    for (name, relative) in try run.differences(from: reference) {
      #expect(relative <= tolerance, "\(name)")
    }
  }

  @Test(.enabled(if: RecurrentCase.sweepFile == nil)) func theCasesAreOfEveryKind() throws {
    let all = try RecurrentCase.all().map(\.configuration)
    #expect(all.count >= 200)
    #expect(Set(all.map { [$0.cell, "\($0.layers) \($0.state) \($0.tokens) \($0.bias)"] }).count == 4 * 3 * 8)
    #expect(Set(all.map { [$0.cell, "\($0.bidirectional) \($0.lengths != nil)"] }).count == 4 * 2 * 2)
    let projected = all.filter { $0.projection != nil }
    #expect(Set(projected.map { [$0.bidirectional, $0.lengths != nil] }).count == 4)
    #expect(all.contains { $0.lengths.map { $0 != $0.sorted(by: >) } ?? false }, "lengths in no order")
    #expect(all.contains { one in one.lengths.map { $0.max()! < one.time } ?? false }, "every sequence padded")
  }

  /// Prints how far from PyTorch a large sweep is at most.
  @Test(.enabled(if: RecurrentCase.sweepFile != nil))
  func largestDifferences() throws {
    func printLargest<Scalar: TensorScalar & StoredValue>(_ type: Scalar.Type, _ pass: RecurrentPass) throws {
      let all = try RecurrentCase.all().flatMap { reference in
        try RecurrentRun<Scalar>(reference, pass).differences(from: reference).map { (reference, $0) }
      }
      let (reference, (name, relative)) = try #require(all.max { $0.1.relative < $1.1.relative })
      print("\(type), \(pass): \(relative) in \(name) of \(reference)")
    }
    for pass in RecurrentPass.allCases {
      try printLargest(Double.self, pass)
      try printLargest(Float.self, pass)
    }
  }
}
