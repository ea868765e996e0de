import Foundation
import TensorCore
import Testing

/// The device that tests run on: the one whose number the environment names, or the first; nil where the machine has none.
///
/// Under PoCL the processor itself is one. Its driver computes in `Double` too.
package let testDevice: OpenCLDevice? = {
  let named = ProcessInfo.processInfo.environment["CHARRNN_TEST_DEVICE"].flatMap { Int($0) }
  return try? OpenCLDevice.numbered(named ?? 0)
}()

package let hasDevice = testDevice != nil

/// Numbers between −2 and 2.
package func sample<Scalar: TensorScalar>(_ dimensions: [Int], seed: UInt64 = 1, of type: Scalar.Type) -> Tensor<Scalar>
{
  var random = RandomSource(seed: seed)
  return .uniform(TensorShape(dimensions), in: -2..<2, using: &random)
}

extension TensorScalar {
  /// Relative tolerance of an operation on a device against the host's.
  package static var deviceTolerance: Double { self == Float.self ? 1e-6 : 1e-13 }
}

/// Expects an operation to give the same on the device as on the host, relative to the largest element, or to 1.
package func expectSame<Scalar: TensorScalar>(
  _ label: Comment, _ inputs: Tensor<Scalar>..., sourceLocation: SourceLocation = #_sourceLocation,
  _ operation: ([Tensor<Scalar>]) -> [Tensor<Scalar>]
) throws {
  let device = Device.openCL(try #require(testDevice))
  let expected = operation(inputs)
  let found = operation(try inputs.map { try $0.on(device) })
  #expect(found.count == expected.count)
  for (index, (found, expected)) in zip(found, expected).enumerated() {
    #expect(found.device == device, "\(label), result \(index)", sourceLocation: sourceLocation)
    let distance = try found.on(.cpu).largestDifference(to: expected)
    #expect(
      distance <= Scalar.deviceTolerance, "\(label) of \(Scalar.self), result \(index)", sourceLocation: sourceLocation)
  }
}

/// Expects a computation to give the same on the device as on the host, relative to each tensor's largest element, or to 1.
///
/// - Parameter compute: from where it computes to the results by name; those on a device stay there.
package func expectSame<Scalar: TensorScalar>(
  _ label: Comment, within tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation,
  _ compute: (Device) throws -> [(name: String, value: Tensor<Scalar>?)]
) throws {
  let device = Device.openCL(try #require(testDevice))
  let (found, expected) = (try compute(device), try compute(.cpu))
  #expect(found.map(\.name) == expected.map(\.name), label, sourceLocation: sourceLocation)
  for ((name, found), (_, expected)) in zip(found, expected) {
    let place: Comment = "\(label): \(name), \(Scalar.self)"
    #expect((found == nil) == (expected == nil), place, sourceLocation: sourceLocation)
    guard let found, let expected else { continue }
    #expect(found.device == device && expected.device == .cpu, place, sourceLocation: sourceLocation)
    #expect(try found.on(.cpu).largestDifference(to: expected) <= tolerance, place, sourceLocation: sourceLocation)
  }
}

extension Tensor {
  /// The largest difference to another tensor, relative to its largest element or 1; infinity where the shapes differ, or one
  /// holds NaN or infinity where the other does not.
  package func largestDifference(to other: Tensor) -> Double {
    guard shape == other.shape else { return .infinity }
    let scale = other.scalars.reduce(1) { $1.isFinite ? Swift.max($0, abs($1.double)) : $0 }
    return zip(scalars, other.scalars).reduce(0) { largest, pair in
      let (found, expected) = (pair.0.double, pair.1.double)
      if found == expected || found.isNaN && expected.isNaN { return largest }
      let difference = abs(found - expected) / scale
      return difference.isNaN ? .infinity : Swift.max(largest, difference)
    }
  }
}
