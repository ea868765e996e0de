import Autograd
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

extension CharacterModel {
  /// Takes the weights of another model of the same architecture, save the vocabulary: what belongs to a symbol goes to the
  /// same symbol, whatever its number there and here. Symbols that are new keep their fresh weights.
  ///
  /// - Throws: `ModelFileError` when the architectures differ otherwise.
  mutating func takeWeights(of other: ModelFile<Scalar>, vocabulary: Vocabulary) throws(ModelFileError)
  where Scalar: StorableScalar {
    var theirs = other.model.configuration
    theirs.vocabulary = configuration.vocabulary
    theirs.takeProbabilities(of: configuration)
    guard other.vocabulary.kind == vocabulary.kind else {
      throw ModelFileError(
        file: "--init-from",
        reason:
          "its tokens are \(other.vocabulary.kind.rawValue)s; train with --tokens \(other.vocabulary.kind.rawValue)")
    }
    guard theirs == configuration else {
      throw ModelFileError(
        file: "--init-from",
        reason: "its model has --cell \(theirs.cell.rawValue) --layers \(theirs.layers) --hidden \(theirs.hidden) "
          + "--embedding \(theirs.embedding)\(theirs.structuralOptions); train with the same")
    }
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

extension ModelConfiguration {
  /// The options beyond sizes that decide parameters, as they are written.
  fileprivate var structuralOptions: String {
    let with = refinements
    return (isTied ? " --tie" : "") + (with.layerNorm ? " --layer-norm" : "")
      + (with.projection > 0 ? " --projection \(with.projection)" : "") + (with.residual ? " --residual" : "")
      + (with.learnsInitialState ? " --learned-state" : "")
  }
}

extension Tensor {
  /// This tensor with row i replaced by row `source[i]` of another; where that is nil, row i stays.
  fileprivate func takingRows(of other: Tensor, from source: [Int32?]) -> Tensor {
    let rows = source.enumerated().map { index, from in from.map { other.row(Int($0)) } ?? row(index) }
    return .stack(rows)
  }
}
