import LanguageModels
import RecurrentLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// A character model of another package: (embedding →) recurrent layers → linear, over a vocabulary.
public struct CharacterModelImport: Sendable {
  public let convention: WeightConvention
  /// The model as a checkpoint of this package, which `ModelFile` reads.
  public let checkpoint: Checkpoint
  public let shape: ModelShape
  public let vocabulary: Vocabulary
  /// Symbols of the package's model that no text has, such as `<pad>`, without which this one is; empty for a number 0 of no symbol.
  public let leftOut: [[UInt8]]
  /// Whether nothing in the file tells tanh from ReLU, and tanh was taken.
  public let assumesTanh: Bool

  /// Finds a character model in the tensors of a file.
  ///
  /// - Parameters:
  ///   - convention: package whose names the tensors have; nil where the names are to tell.
  ///   - cell: the cell, where the file does not tell; see ``RecurrentWeights/init(_:in:cell:gateActivation:order:)``.
  ///   - vocabulary: symbols of the model in its order.
  /// - Throws: `PackageFileError` where the tensors are no such model, or the vocabulary is none of its size.
  public init(
    _ file: PackageFile, convention: WeightConvention? = nil, cell: RecurrentWeights.Cell? = nil,
    vocabulary: ImportedVocabulary
  ) throws(PackageFileError) {
    if let problem = file.characterModelProblem { throw PackageFileError(file: file.path, problem: .model(problem)) }
    let (found, recurrent): (FoundLayers, RecurrentWeights)
    do throws(ExchangeError) {
      if let convention { self.convention = convention } else { self.convention = try file.convention }
      found = try FoundLayers(file.tensors, order: file.order, in: self.convention)
      if let cell, let said = file.cell, cell != said {
        throw .otherCell(module: "the model", cell, found: said)
      }
      recurrent = try found.weights(cell: cell ?? file.cell, gateActivation: file.gateActivation)
    } catch { throw PackageFileError(file: file.path, problem: .exchange(error)) }
    do throws(CharacterModelImportError) {
      let parts = try ModelParts(around: recurrent, among: found.others, of: file, in: self.convention)
      (shape, self.vocabulary, checkpoint, leftOut) = try parts.model(recurrent, vocabulary, file: file.path)
    } catch { throw PackageFileError(file: file.path, problem: .model(error)) }
    assumesTanh = recurrent.cell == .rnn && (cell ?? file.cell) == nil
  }
}

extension PackageFile {
  /// The only convention that the names fit.
  fileprivate var convention: WeightConvention {
    get throws(ExchangeError) {
      let found = FoundLayers.conventions(of: tensors.keys)
      guard let one = found.first else { throw .noRecurrentLayer }
      if found.count > 1 { throw .severalConventions(found) }
      return one
    }
  }
}

/// Why recurrent layers, though they are whole, are no character model.
public enum CharacterModelImportError: Error, Equatable, CustomStringConvertible {
  case bidirectional
  /// Gates of another function than the sigmoid.
  case gateActivation(GateActivation)
  /// No linear layer from the top layer's outputs to symbols.
  case noDecoder(outputs: Int)
  /// A layer of Keras with settings that a file of weights alone does not tell.
  case undescribedLayer(String)
  /// Matrices that may be the embedding or the decoder.
  case ambiguousParts([String])
  /// Matrices with biases, of which a character model has one.
  case severalLinearLayers([String])
  /// Tensors that are of no part of a character model.
  case unread([String])
  /// A matrix of another shape, [symbols, features], than an embedding of the model has.
  case embedding(String, found: [Int], wanted: [Int])
  /// Inputs that are neither symbols nor an embedding's.
  case inputs(Int, symbols: Int)
  /// A vocabulary of another number of symbols than the model has.
  case vocabulary(symbols: Int, needed: Int)
  /// Layers of several sizes.
  case sizes([Int])
  /// Symbols that are no vocabulary.
  case symbols(VocabularyError)
  /// Sizes that no character model may have.
  case settings(SettingProblem)
  /// A weight that is infinite or no number, the first in its tensor.
  case notFinite(tensor: String, index: Int)
  /// An exported model that learned an initial state, which weights of other packages lack.
  case initialState
  /// Something that makes no sound checkpoint.
  case checkpoint(String)
  /// A layer of Keras of a class that changes the result, and is none of a character model.
  case layer(String, kind: String)
  /// A setting of a layer of Keras that changes the result.
  case layerSetting(String, layer: String)
  /// A layer of Keras that does not stand where one of its class does, or reads more than the output of the layer before.
  case layerOrder(String)

  public var description: String {
    switch self {
    case .bidirectional:
      "its layers read text in both directions, so that it is no model of the next character; RecurrentWeights(…) of the library loads "
        + "them"
    case .gateActivation(let gates):
      "its gates are a \(gates), and those of a character model here sigmoids; RecurrentWeights(…) of the library loads its layers"
    case .noDecoder(let outputs):
      "it has no linear layer from the \(outputs) outputs of its top layer to symbols, so that it is no model of the next "
        + "character; RecurrentWeights(…) of the library loads its layers"
    case .undescribedLayer(let name):
      "whether its layer \(name.quotedName) caps its scores, or masks symbols, is told by no weight; save the model as .keras"
    case .ambiguousParts(let names):
      names.count == 1
        ? "whether \(names[0].quotedName) is the linear layer alone, or the embedding too, is told by neither its shape nor its name"
        : "which of its matrices is the embedding and which the linear layer is told by neither their shapes nor their names: "
          + listed(names)
    case .severalLinearLayers(let names):
      "it has \(counted(names.count, "linear layer")), and a character model one, from the top layer's outputs to symbols: "
        + listed(names)
    case .unread(let names):
      "it holds \(counted(names.count, "tensor")) that a character model has no place for: \(listed(names))"
    case .embedding(let name, let found, let wanted):
      "\(name.quotedName) has the shape \(found), and an embedding of this model has \(wanted)"
    case .inputs(let inputs, let symbols):
      "its lowest layer reads \(inputs) numbers, but there are \(symbols) symbols and no embedding"
    case .vocabulary(let symbols, let needed):
      "the vocabulary has \(counted(symbols, "symbol")), and the model \(needed)"
    case .sizes(let sizes):
      "its layers have \(sizes.map(String.init).joined(separator: ", ")) units; those of a character model here have one size; "
        + "RecurrentWeights(…) of the library loads them"
    case .symbols(let error): "\(error)"
    case .settings(let problem): "\(problem)"
    case .notFinite(let tensor, let index): "\(tensor.quotedName) is not finite at index \(index)"
    case .initialState:
      "its model learned an initial state, which no import takes; use the run that it was exported from"
    case .checkpoint(let problem): problem
    case .layer(let name, let kind):
      "its layer \(name.quotedName) is of the class \(kind.quotedName), which a character model here has no place for"
    case .layerSetting(let setting, let layer):
      "its layer \(layer.quotedName) has \(setting), which a character model here has no place for"
    case .layerOrder(let name):
      "its layer \(name.quotedName) breaks the order of a character model here: an embedding, recurrent layers and a linear layer, "
        + "each on the output of the one before alone"
    }
  }

  private func listed(_ names: [String]) -> String {
    names.prefix(4).map(\.quotedName).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
  }
}
