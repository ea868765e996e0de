import NeuralLayers
import TensorCore

/// Kind of the items that the streams of a session consist of.
public enum StreamItems<Scalar: TensorScalar> {
  /// Vectors, as wide as the input of the lowest layer.
  case vectors
  /// Tokens as one-hot vectors; there are as many as the input of the lowest layer is wide.
  case tokens
  /// Tokens that have a vector each.
  case embedded(Embedding<Scalar>)

  var areVectors: Bool { if case .vectors = self { true } else { false } }

  /// Vector of each token, [tokens, features]; nil for vectors and one-hot ones.
  var table: Tensor<Scalar>? { if case .embedded(let embedding) = self { embedding.weight.value } else { nil } }
}

/// A state that no stream of a session can have.
public enum StreamStateError: Error, Equatable, CustomStringConvertible {
  case missing(String)
  case shape(String, found: TensorShape, wanted: TensorShape)
  case notFinite(String)
  /// Tensors of no component.
  case unknown([String])

  public var description: String {
    switch self {
    case .missing(let name): "the state lacks \(name)"
    case .shape(let name, let found, let wanted): "\(name) of the state has the shape \(found), not \(wanted)"
    case .notFinite(let name): "\(name) of the state holds an infinity or a NaN"
    case .unknown(let names): "the state has tensors of no layer here: \(names.joined(separator: ", "))"
    }
  }
}
