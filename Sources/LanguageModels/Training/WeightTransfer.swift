import Autograd
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// Why a model cannot start from the weights of another.
public enum WeightTransferError: Error, Equatable, CustomStringConvertible {
  case otherTokens(TokenKind)
  /// Settings that decide the shapes of parameters and differ, with the values of the model to start from.
  case otherArchitecture([Difference])

  public struct Difference: Sendable, Equatable {
    /// Name of the setting.
    public let name: String
    public let theirs, ours: SettingValue
  }

  public var description: String {
    switch self {
    case .otherTokens(let kind): "the model to start from reads \(kind.rawValue)s"
    case .otherArchitecture(let differences):
      "the model to start from has "
        + differences.map { "\($0.name) \($0.theirs), not \($0.ours)" }.joined(separator: "; ")
    }
  }
}

extension CharacterModel {
  /// Takes the weights of another model of the same architecture, save the vocabulary: rows and columns of a symbol go to the
  /// same symbol, whatever its number there and here. Symbols that are new keep their fresh weights.
  mutating func takeWeights(of other: ModelFile<Scalar>, vocabulary: Vocabulary) throws(WeightTransferError)
  where Scalar: StorableScalar {
    guard other.vocabulary.kind == vocabulary.kind else { throw .otherTokens(other.vocabulary.kind) }
    let (ours, theirs) = (architecture.asSettings, other.model.architecture.asSettings)
    let differences = SettingField.all.filter(\.isStructural).compactMap { field -> WeightTransferError.Difference? in
      let (their, our) = (field.value(in: theirs), field.value(in: ours))
      return their == our ? nil : WeightTransferError.Difference(name: field.name, theirs: their, ours: our)
    }
    guard differences.isEmpty else { throw .otherArchitecture(differences) }
    let source = vocabulary.symbols.map { other.vocabulary.id(of: $0) }
    let known = Dictionary(uniqueKeysWithValues: other.model.parameters.map { ($0.name, $0.parameter.value) })
    let inputIsOneHot = encoder == nil
    updateParameters { parameter, name in
      guard let value = known[name] else { return }
      switch name {
      case "encoder.weight", "decoder.weight", "decoder.bias":
        parameter.value = parameter.value.takingRows(of: value, from: source)
      case "rnn.weight_ih_l0" where inputIsOneHot:
        parameter.value = parameter.value.transposed().takingRows(of: value.transposed(), from: source).transposed()
      default: parameter.value = value
      }
    }
  }
}

extension Tensor {
  /// This tensor with row i replaced by row `source[i]` of another; where that is nil, row i stays.
  fileprivate func takingRows(of other: Tensor, from source: [Int32?]) -> Tensor {
    let rows = source.enumerated().map { index, from in from.map { other.row(Int($0)) } ?? row(index) }
    return .stack(rows)
  }
}
