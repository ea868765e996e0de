import Autograd
import CharrnnTestSupport
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCheckpoints
import TensorCore
import Testing

/// A network that PyTorch ran in double precision: a case of `generate_recurrent.py`, which describes each tensor.
struct RecurrentCase: Sendable, CustomStringConvertible {
  struct Configuration: Decodable, Sendable {
    let cell: String
    let layers, input, hidden, time, batch: Int
    let bidirectional, state, tokens, bias: Bool
    /// The width of an LSTM's output, where that is a projection.
    let projection: Int?
    /// The steps of each sequence, where they differ.
    let lengths: [Int]?
    /// Blocks of an sLSTM's recurrent weight.
    let heads: Int?
  }

  let number: Int
  let configuration: Configuration
  private let tensors: [String: StoredTensor]

  /// The file that is to be read instead of the fixture, where the environment names one.
  static let sweepFile = ProcessInfo.processInfo.environment["RECURRENT_FIXTURE"]

  /// All cases of the fixture, or of the other file.
  static func all() throws -> [RecurrentCase] {
    try all(in: sweepFile ?? Repository.fixture("recurrent.safetensors").path)
  }

  /// All cases of a file.
  static func all(in path: String) throws -> [RecurrentCase] {
    let cases: [FixtureCase<Configuration>] = try readCases(path)
    return cases.enumerated().map {
      RecurrentCase(number: $0, configuration: $1.configuration, tensors: $1.tensors)
    }
  }

  /// The first case of each kind: of each cell with each choice of directions, lengths, tokens or vectors, and projection, and
  /// with each choice of initial state and biases.
  static func ofEveryKind() throws -> [RecurrentCase] {
    var known: Set<String> = []
    return try all().filter { reference in
      let c = reference.configuration
      let kinds = [
        "\(c.cell) \(c.bidirectional) \(c.lengths != nil) \(c.tokens) \(c.projection != nil)",
        "\(c.cell), \(c.state) \(c.bias)",
      ]
      defer { known.formUnion(kinds) }
      return !known.isSuperset(of: kinds)
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

  /// The input: the vectors given, or the tokens of the case, where it has such.
  func input<Scalar>(_ vectors: Variable<Scalar>?) throws -> SequenceInput<Scalar> {
    let lengths = try configuration.lengths.map { try SequenceLengths($0, time: configuration.time) }
    if let vectors { return .vectors(vectors, lengths: lengths) }
    let ids = try #require(tensors["tokens"]?.values(as: Int32.self))
    return .tokens(TokenGrid(ids: ids, time: configuration.time, batch: configuration.batch), lengths: lengths)
  }
}
