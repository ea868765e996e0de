import CharrnnTestSupport
import TensorCheckpoints
import TensorCore
import Testing

/// Outputs, every gradient and what passes change equal PyTorch's on the same weights.
@Suite struct LayerParityTests {
  @Test(arguments: try LayerCase.all())
  func equalsPyTorchInDouble(_ reference: LayerCase) throws {
    try expectEqual(LayerRun<Double>(reference), reference, relative: 1e-10, absolute: 1e-12)
  }

  @Test(arguments: try LayerCase.all())
  func equalsPyTorchInFloat(_ reference: LayerCase) throws {
    try expectEqual(LayerRun<Float>(reference), reference, relative: 1.3e-6, absolute: 1e-5)
  }
}

/// Expects the results of a run to be PyTorch's.
private func expectEqual<Scalar>(
  _ run: LayerRun<Scalar>, _ reference: LayerCase, relative: Double, absolute: Double
) throws {
  #expect(Set(run.results.keys) == reference.resultNames)
  for (name, found) in run.results.sorted(by: { $0.key < $1.key }) {
    let expected: Tensor<Double> = try #require(reference.tensor(name), "PyTorch has no \(name)")
    #expect(found.shape == expected.shape, "\(name)")
    PyTorchParityTests.expectEqual(found, expected.scalars, relative, absolute, name)
  }
}

/// The same on a device.
@Suite(.enabled(if: hasDevice))
struct DeviceLayerParityTests {
  @Test(arguments: try LayerCase.all())
  func equalsPyTorch(_ reference: LayerCase) throws {
    let device = Device.openCL(try #require(testDevice))
    try expectEqual(LayerRun<Double>(reference, on: device), reference, relative: 1e-10, absolute: 1e-12)
    try expectEqual(LayerRun<Float>(reference, on: device), reference, relative: 1.3e-6, absolute: 1e-5)
  }
}
