import Foundation
import LanguageModels
import SequenceText
import TensorCheckpoints
import TensorCore

/// The parts of a character model beside its recurrent layers, as they are here.
struct ModelParts {
  /// [symbols, features]; nil where symbols enter as one-hot vectors.
  private var embedding: StoredTensor?
  /// [symbols, outputs].
  private let decoder: StoredTensor
  private let decoderBias: StoredTensor?
  private var symbols: Int { decoder.shape[0] }
  /// Whether the file says that layers above the first add their input to their output, as one of charrnn's exports may.
  private let isResidual: Bool

  /// Finds the embedding and the linear layer among tensors that are of no recurrent layer.
  init(
    around recurrent: RecurrentWeights, among names: [String], of file: PackageFile, in convention: WeightConvention
  ) throws(CharacterModelImportError) {
    if recurrent.isBidirectional { throw .bidirectional }
    if recurrent.gateActivation != .sigmoid { throw .gateActivation(recurrent.gateActivation) }
    if file.exportedShape?.learnsInitialState ?? false { throw .initialState }
    isResidual = file.exportedShape?.residual ?? false
    let parts = try FoundParts(
      names, of: file, in: convention.layout, inputs: recurrent.inputSize, outputs: recurrent.outputSize)
    guard let weight = parts.decoder, weight.shape[1] == recurrent.outputSize else {
      throw .noDecoder(outputs: recurrent.outputSize)
    }
    (decoder, decoderBias) = (weight, parts.bias)
    if let table = parts.embedding {
      let wanted = [decoder.shape[0], recurrent.inputSize]
      guard table.tensor.shape == wanted else {
        throw .embedding(table.name, found: table.tensor.shape, wanted: wanted)
      }
      embedding = table.tensor
    } else if recurrent.inputSize != symbols {
      throw .inputs(recurrent.inputSize, symbols: symbols)
    }
  }

  /// The whole model, its symbols in the order of this package, with the rows and columns of each. Without those of special symbols
  /// the probabilities are what they were given that none of these comes.
  func model(
    _ recurrent: RecurrentWeights, _ imported: ImportedVocabulary, file: String
  ) throws(CharacterModelImportError) -> (ModelShape, Vocabulary, Checkpoint, leftOut: [[UInt8]]) {
    guard decoderBias.map({ $0.shape == [symbols] }) ?? true else {
      throw .checkpoint("the bias of its linear layer has the shape \(decoderBias!.shape), not \([symbols])")
    }
    let (vocabulary, numbers, leftOut) = try imported.sorted(of: symbols)
    let shape = try self.shape(recurrent, symbols: numbers.count)
    func ours(_ tensor: StoredTensor) -> StoredTensor { tensor.takingBlocks(numbers, of: symbols) }

    var tensors = recurrent.parameters
    if embedding == nil {
      let weight = recurrent.layers[0].forward.inputWeight
      tensors[RecurrentWeights.parameter("weight_ih", layer: 0)] = weight.takingColumns(numbers)
    }
    tensors["encoder.weight"] = embedding.map(ours)
    if !shape.isTied { tensors["decoder.weight"] = ours(decoder) }
    tensors["decoder.bias"] = ours(decoderBias ?? .zeros([symbols], decoder.dtype))
    let checkpoint = ModelFile<Float>.checkpoint(of: tensors, shape: shape, vocabulary: vocabulary, file: file)
    do {
      try checkpoint.requireFinite()
      // Others fit single precision, in which models are used.
      for (name, tensor) in tensors where tensor.dtype == .f64 { _ = try checkpoint.values(of: name) as [Float] }
    } catch {
      if case .notFinite(let tensor, let index) = error.problem { throw .notFinite(tensor: tensor, index: index) }
      throw .checkpoint("\(error.problem)")
    }
    return (shape, vocabulary, checkpoint, leftOut)
  }

  /// - Parameter symbols: how many of the model's stay.
  private func shape(_ recurrent: RecurrentWeights, symbols: Int) throws(CharacterModelImportError) -> ModelShape {
    let hidden = recurrent.layers.map { $0.forward.projection?.shape[1] ?? $0.forward.outputSize }
    let outputs = recurrent.layers.map(\.outputSize)
    guard Set(hidden).count == 1, Set(outputs).count == 1 else { throw .sizes(hidden) }
    var architecture = Architecture(layers: recurrent.layers.count, hidden: hidden[0])
    architecture.cell = CellKind(recurrent.cell)
    architecture.embedding = embedding?.shape[1] ?? 0
    architecture.isTied = embedding.map { $0 == decoder } ?? false
    architecture.residual = isResidual
    if outputs[0] < hidden[0] { architecture.projection = outputs[0] }
    let shape = ModelShape(architecture, vocabulary: symbols)
    if let problem = shape.problem { throw .settings(problem) }
    return shape
  }
}

extension PackageFile {
  /// Shape of the model, which an export of charrnn holds; nil in other files.
  var exportedShape: ModelShape? { ModelShape(exportedIn: metadata) }
}

extension ModelShape {
  /// The shape in texts of a file, as exports of charrnn hold it; nil where there is none.
  init?(exportedIn metadata: [String: String]) {
    guard let text = metadata[MetadataKey.architecture],
      let shape = try? JSONDecoder().decode(ModelShape.self, from: Data(text.utf8))
    else { return nil }
    self = shape
  }
}
