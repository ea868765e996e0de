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

/// Expects the results and gradients of a run to be PyTorch's.
private func expectEqual<Scalar>(
  _ run: RecurrentRun<Scalar>, _ reference: RecurrentCase, within tolerance: Double
) throws {
  #expect(Set(run.gradients.keys) == reference.differentiated)
  for (name, relative) in try run.differences(from: reference) {
    #expect(relative <= tolerance, "\(name)")
  }
}

/// Results of passes on a device equal PyTorch's too: of one case of each kind, since launches of kernels cost more there than
/// the arithmetic of the cases.
@Suite(.enabled(if: hasDevice && RecurrentCase.sweepFile == nil))
struct DeviceRecurrentParityTests {
  private let device: Device

  init() throws { device = .openCL(try #require(testDevice)) }

  @Test(arguments: try RecurrentCase.ofEveryKind())
  func fusedPassesEqualPyTorch(_ reference: RecurrentCase) throws {
    try expectEqual(RecurrentRun<Double>(reference, .fused, on: device), reference, within: 1e-7)
    try expectEqual(RecurrentRun<Float>(reference, .fused, on: device), reference, within: 5e-5)
  }

  /// Every fourth of them.
  @Test(arguments: try RecurrentCase.ofEveryKind().enumerated().filter { $0.offset % 4 == 0 }.map(\.element))
  func unrolledPassesEqualPyTorch(_ reference: RecurrentCase) throws {
    try expectEqual(RecurrentRun<Double>(reference, .unrolled, on: device), reference, within: 1e-7)
    try expectEqual(RecurrentRun<Float>(reference, .unrolled, on: device), reference, within: 5e-5)
  }

  @Test func theCasesAreOfEveryKind() throws {
    let (some, all) = (try RecurrentCase.ofEveryKind(), try RecurrentCase.all())
    func kinds(_ cases: [RecurrentCase]) -> Set<String> {
      Set(cases.map(\.configuration).map { "\($0.cell) \($0.bidirectional) \($0.lengths != nil) \($0.tokens)" })
    }
    #expect(kinds(some) == kinds(all) && some.count < all.count / 2)
  }
}
