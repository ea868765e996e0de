import Autograd
import CharrnnTestSupport
import Foundation
import NeuralLayers
import TensorCheckpoints
import TensorCore

/// A layer, or a network, that PyTorch ran in double precision: a case of `generate_layers.py`, which says what
/// each tensor is.
struct LayerCase: Sendable, CustomStringConvertible {
  struct Configuration: Decodable, Sendable {
    let layer: String
    /// Shape of the input, as PyTorch reads it.
    let shape: [Int]
    let passes: [String]
    let bias: Bool?
    let inputs, outputs, features, tokens: Int?
    let channels, filters, rows, columns, window, stride, padding: Int?
    let windows, strides: [Int]?
    /// Kind of padding; that of the other cases is zeros.
    let edge: String?
    let epsilon, momentum, rate: Double?
  }

  let number: Int
  let configuration: Configuration
  private let tensors: [String: StoredTensor]

  /// All cases of the fixture.
  static func all() throws -> [LayerCase] {
    let cases: [FixtureCase<Configuration>] = try readCases(Repository.fixture("layers.safetensors").path)
    return cases.enumerated().map { LayerCase(number: $0, configuration: $1.configuration, tensors: $1.tensors) }
  }

  var description: String { "case \(number): \(configuration.layer) \(configuration.shape)" }

  /// Whether the channels or features stand before the places in PyTorch's inputs and outputs, where they stand last in ours.
  var hasFeaturesFirst: Bool {
    ["convolution", "convolution2D", "paddedConvolution", "locallyConnected", "batchNorm"].contains(configuration.layer)
      && configuration.shape.count > 2
  }

  func mode(of pass: Int) -> ForwardMode { configuration.passes[pass] == "training" ? .training : .inference }

  /// The names of all that PyTorch computed in its passes.
  var resultNames: Set<String> {
    let given = ["input", "tokens", "targets", "seed"]
    return Set(
      tensors.keys.filter { name in
        let parts = name.split(separator: "/")
        return parts.count > 2 || parts.count == 2 && !given.contains(String(parts[1]))
      })
  }

  /// A tensor, rounded where `Scalar` is `Float`; nil where the case has none of that name.
  func tensor<Scalar: TensorScalar & StoredValue>(_ name: String) -> Tensor<Scalar>? { tensors[name]?.tensor() }

  func integers(_ name: String) -> [Int32]? { tensors[name]?.values(as: Int32.self) }
}
