import Autograd
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// One network that PyTorch ran in double precision: what `generate_recurrent.py` wrote, which says what each tensor is.
struct RecurrentCase: Sendable, CustomStringConvertible {
  struct Configuration: Decodable, Sendable {
    let cell: String
    let layers, input, hidden, time, batch: Int
    let state, tokens, bias: Bool
  }

  let number: Int
  let configuration: Configuration
  private let tensors: [String: StoredTensor]

  /// All cases of the fixture, or of the file that the environment names.
  static func all() throws -> [RecurrentCase] {
    let path = ProcessInfo.processInfo.environment["RECURRENT_FIXTURE"]
    let cases: [FixtureCase<Configuration>] = try readCases(
      path ?? fixtures.appendingPathComponent("recurrent.safetensors").path)
    return cases.enumerated().map {
      RecurrentCase(number: $0, configuration: $1.configuration, tensors: $1.tensors)
    }
  }

  var description: String { "case \(number): \(configuration)" }

  /// The names of the inputs, initial states and parameters that PyTorch has a gradient for.
  var differentiated: Set<String> {
    Set(tensors.keys.filter { $0.hasPrefix("gradient/") }.map { String($0.dropFirst("gradient/".count)) })
  }

  /// A tensor, rounded where `Scalar` is `Float`; nil where the case has none of that name.
  func tensor<Scalar: TensorScalar & StoredValue>(_ name: String) -> Tensor<Scalar>? {
    tensors[name]?.tensor()
  }

  /// The ids of a one-hot input, or nil where the input consists of vectors.
  var tokens: TokenGrid? {
    tensors["tokens"]?.values(as: Int32.self).map {
      TokenGrid(ids: $0, time: configuration.time, batch: configuration.batch)
    }
  }
}
