import Foundation
import TensorCheckpoints
import TensorCore
import Testing

/// A case of a fixture in a safetensors file.
struct FixtureCase<Configuration: Decodable & Sendable> {
  let configuration: Configuration
  /// By name, without the case's prefix.
  let tensors: [String: StoredTensor]
}

/// The cases of a fixture: their configurations stand under `cases` in its metadata, their tensors under `case00/`,
/// `case01/`, …
func readCases<Configuration>(_ path: String) throws -> [FixtureCase<Configuration>] {
  let file = try Checkpoint(contentsOf: path)
  let configurations = try JSONDecoder().decode(
    [Configuration].self, from: Data(file.metadata["cases", default: ""].utf8))
  var tensors = [[String: StoredTensor]](repeating: [:], count: configurations.count)
  for (name, tensor) in file.tensors {
    let (prefix, rest) = (name.prefix { $0 != "/" }, name.drop { $0 != "/" }.dropFirst())
    if let number = Int(prefix.dropFirst("case".count)) { tensors[number][String(rest)] = tensor }
  }
  return zip(configurations, tensors).map(FixtureCase.init)
}

extension StoredTensor {
  /// The tensor, rounded where `Scalar` is `Float`; nil where it holds integers.
  func tensor<Scalar: TensorScalar & StoredValue>() -> Tensor<Scalar>? {
    values(as: Scalar.self).map { Tensor($0, shape: TensorShape(shape)) }
  }
}

/// Expects every element to be PyTorch's within the sum of both tolerances.
func expectEqual<Scalar: TensorScalar>(
  _ found: Tensor<Scalar>?, _ expected: [Double], _ relative: Double, _ absolute: Double, _ place: String
) {
  #expect(found?.count == expected.count, "\(place)")
  for (index, (x, y)) in zip(found?.scalars ?? [], expected).enumerated() {
    #expect(abs(x.double - y) <= absolute + relative * abs(y), "\(place), element \(index): \(x), PyTorch has \(y)")
  }
}
