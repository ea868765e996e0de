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

  /// A layer of a matrix, and perhaps a bias.
  private struct Layer {
    let module: String
    let matrix: NamedTensor
    let bias: NamedTensor?

    /// Whether its name, or that of its matrix, says that it is an embedding. Packages call the matrix itself so, if
    /// anything.
    var isCalledEmbedding: Bool {
      [module.split { "./".contains($0) }.last.map(String.init) ?? "", matrix.array].contains { name in
        ["emb", "encoder", "reversible_emb", "wte"].contains { name.lowercased().hasPrefix($0) }
      }
    }
  }

  private struct NamedTensor {
    let name: String
    /// Name in its module.
    let array: String
    let tensor: StoredTensor
  }

  /// Finds the embedding and the linear layer among tensors that are of no recurrent layer.
  init(
    around recurrent: RecurrentWeights, among names: [String], of file: PackageFile, in convention: WeightConvention
  ) throws(CharacterModelImportError) {
    if recurrent.isBidirectional { throw .bidirectional }
    if recurrent.gateActivation != .sigmoid { throw .gateActivation(recurrent.gateActivation) }
    if file.exportedShape?.learnsInitialState ?? false { throw .initialState }
    isResidual = file.exportedShape?.residual ?? false
    let layout = convention.layout
    let (layers, unread) = Self.layers(names, of: file, in: layout)
    if !unread.isEmpty { throw .unread(unread) }
    let outputs = recurrent.outputSize
    // A matrix with a bias is a linear layer; among matrices without one the names tell, or the shapes.
    let linear = layers.filter { $0.bias != nil }
    guard linear.count <= 1 else { throw .unread(linear.dropLast().map(\.matrix.name)) }
    var plain = layers.filter { $0.bias == nil }
    let top: Layer?
    if let layer = linear.first {
      top = layer
    } else if plain.count == 2 {
      let called = plain.filter(\.isCalledEmbedding)
      guard called.count == 1 else { throw .ambiguousParts(plain.map(\.matrix.name)) }
      top = plain.first { $0.module != called[0].module }
      plain = called
    } else if plain.count == 1, recurrent.inputSize == outputs, plain[0].isCalledEmbedding {
      // The embedding is the linear layer's weight too.
      top = nil
    } else {
      top = plain.popLast()
    }
    guard plain.count <= 1 else { throw .unread(plain.map(\.matrix.name)) }
    let table = plain.first?.matrix
    guard
      let weight = top.map({ layout.linearWeightsHaveInputsFirst ? $0.matrix.tensor.transposed() : $0.matrix.tensor })
        ?? table?.tensor,
      weight.shape[1] == outputs
    else { throw .noDecoder(outputs: outputs) }
    decoder = weight
    decoderBias = top?.bias?.tensor
    if let table {
      let wanted = [decoder.shape[0], recurrent.inputSize]
      guard table.tensor.shape == wanted else {
        throw .embedding(table.name, found: table.tensor.shape, wanted: wanted)
      }
      embedding = table.tensor
    } else if recurrent.inputSize != symbols {
      throw .inputs(recurrent.inputSize, symbols: symbols)
    }
  }

  /// Layers by their names, and tensors that are of none.
  private static func layers(
    _ names: [String], of file: PackageFile, in layout: any PackageLayout.Type
  ) -> (layers: [Layer], unread: [String]) {
    var modules: [String: [NamedTensor]] = [:]
    for name in names {
      let (module, array) = layout.split(name)
      modules[module, default: []].append(NamedTensor(name: name, array: array, tensor: file.tensors[name]!))
    }
    var (layers, unread) = ([Layer](), [String]())
    for (module, tensors) in modules.sorted(by: { $0.key.precedesByBytes($1.key) }) {
      let matrices = tensors.filter { $0.tensor.shape.count == 2 && $0.tensor.isFloatingPoint }
      let vectors = tensors.filter { $0.tensor.shape.count == 1 && $0.tensor.isFloatingPoint }
      let biases = matrices.count == 1 ? vectors.filter { matrices[0].tensor.shape.contains($0.tensor.count) } : []
      guard matrices.count == 1, !matrices[0].tensor.shape.contains(0), biases.count == tensors.count - 1,
        biases.count <= 1
      else {
        unread += tensors.map(\.name)
        continue
      }
      layers.append(Layer(module: module, matrix: matrices[0], bias: biases.first))
    }
    return (layers, unread.sorted { $0.precedesByBytes($1) })
  }

  /// The whole model, its symbols in the order of this package, with the rows and columns of each. Without those of special symbols
  /// the probabilities are what they were given that none of these comes.
  func model(
    _ recurrent: RecurrentWeights, _ imported: ImportedVocabulary, file: String
  ) throws(CharacterModelImportError) -> (ModelShape, Vocabulary, Checkpoint) {
    guard decoderBias.map({ $0.shape == [symbols] }) ?? true else {
      throw .checkpoint("the bias of its linear layer has the shape \(decoderBias!.shape), not \([symbols])")
    }
    let (vocabulary, numbers) = try imported.sorted(of: symbols)
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
    return (shape, vocabulary, checkpoint)
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
