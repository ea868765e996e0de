import TensorCheckpoints
import TensorCore

/// The embedding and the linear layer among tensors that are of no recurrent layer, by their biases, shapes and names.
struct FoundParts {
  /// Matrix [symbols, features]; nil where symbols enter as one-hot vectors.
  private(set) var embedding: NamedTensor?
  /// Matrix [symbols, outputs], which the embedding may be too; nil where there is no linear layer.
  private(set) var decoder: StoredTensor?
  private(set) var bias: StoredTensor?

  struct NamedTensor {
    let name: String
    /// Name in its module.
    let array: String
    let tensor: StoredTensor

    /// Whether it is named as packages name biases, or numbered, as in some files of Keras.
    var isCalledBias: Bool {
      let own = array.lowercased().split(separator: ":").first ?? ""
      return own == "b" || own.contains("bias") || own.allSatisfy(\.isNumber)
    }
  }

  /// A layer of a matrix, and perhaps a bias.
  private struct Layer {
    let module: String
    let matrix: NamedTensor
    let bias: NamedTensor?

    /// Whether its name, or that of its matrix, says that it is an embedding and nothing says that it is the linear layer. Packages
    /// call the matrix itself so, if anything.
    var isCalledEmbedding: Bool {
      let names = [ownName, matrix.array.lowercased()]
      let isCalledSo = names.contains { name in
        ["emb", "encoder", "wte"].contains(where: name.hasPrefix) || ["embed", "_emb"].contains(where: name.contains)
      }
      return isCalledSo && !isCalledOutput
    }

    /// Whether a part of its name is usual for linear layers, or that of its matrix is flax's.
    var isCalledOutput: Bool {
      let words = [
        "out", "dec", "head", "fc", "lin", "proj", "dense", "logit", "vocab", "class", "pred", "unemb", "deemb",
        "inverse",
      ]
      return matrix.array == "kernel" || words.contains { ownName.contains($0) }
    }

    private var ownName: String { module.split { "./".contains($0) }.last?.lowercased() ?? "" }
  }

  /// - Parameters:
  ///   - inputs: numbers that the lowest recurrent layer reads.
  ///   - outputs: numbers that the top layer gives.
  /// - Throws: where tensors are of neither part, or what they are is not told.
  init(
    _ names: [String], of file: PackageFile, in layout: any PackageLayout.Type, inputs: Int, outputs: Int
  ) throws(CharacterModelImportError) {
    var (layers, unread) = Self.layers(names, of: file, in: layout)
    let linear = layers.filter { $0.bias != nil }
    guard linear.count <= 1 else { throw .severalLinearLayers(linear.map(\.matrix.name)) }
    layers.removeAll { $0.bias != nil }
    func weight(_ layer: Layer) -> StoredTensor {
      layout.linearWeightsHaveInputsFirst ? layer.matrix.tensor.transposed() : layer.matrix.tensor
    }
    func fits(_ embedding: Layer, _ decoder: Layer) -> Bool {
      let symbols = weight(decoder).shape[0]
      return weight(decoder).shape[1] == outputs && embedding.matrix.tensor.shape == [symbols, inputs]
    }

    if let layer = linear.first {
      // A matrix with a bias is a linear layer.
      (decoder, bias) = (weight(layer), layer.bias?.tensor)
      guard layers.count < 2 else {
        let tables = layers.filter { fits($0, layer) }
        let others = layers.filter { other in tables.count != 1 || other.module != tables[0].module }
        throw .unread(unread + others.map(\.matrix.name))
      }
      // A linear layer without a bias, before the recurrent ones, has a square matrix too.
      if let table = layers.first, Set(table.matrix.tensor.shape).count == 1, !table.isCalledEmbedding {
        throw .ambiguousParts([table, layer].map(\.matrix.name))
      }
      embedding = layers.first?.matrix
    } else if layers.count == 2 {
      let orders = [(layers[0], layers[1]), (layers[1], layers[0])]
      let fitting = orders.filter { fits($0, $1) }
      let called = orders.filter { $0.isCalledEmbedding && !$1.isCalledEmbedding }
      let isToldByShapes = fitting.count == 1 && Set(fitting[0].0.matrix.tensor.shape).count > 1
      guard isToldByShapes || called.count == 1, let (table, top) = isToldByShapes ? fitting.first : called.first else {
        throw .ambiguousParts(layers.map(\.matrix.name))
      }
      (embedding, decoder) = (table.matrix, weight(top))
    } else if layers.count == 1 {
      let layer = layers[0]
      if inputs == outputs && layer.isCalledEmbedding {
        (embedding, decoder) = (layer.matrix, layer.matrix.tensor)
        // A decoder that shares its matrix has its bias in a module of its own.
        let biases = unread.filter {
          $0.lowercased().contains("bias") && file.tensors[$0]!.shape == [layer.matrix.tensor.shape[0]]
        }
        if biases.count == 1 && file.tensors[biases[0]]!.isFloatingPoint {
          bias = file.tensors[biases[0]]
          unread.removeAll { $0 == biases[0] }
        }
      } else if layer.matrix.tensor.shape == [inputs, inputs] && inputs == outputs && !layer.isCalledOutput {
        throw .ambiguousParts([layer.matrix.name])
      } else {
        decoder = weight(layer)
      }
    } else if !layers.isEmpty {
      throw .unread(unread + layers.map(\.matrix.name))
    }
    if !unread.isEmpty { throw .unread(unread) }
  }

  /// Layers by their names, and names of tensors that are of none.
  private static func layers(
    _ names: [String], of file: PackageFile, in layout: any PackageLayout.Type
  ) -> (layers: [Layer], unread: [String]) {
    var modules: [String: [NamedTensor]] = [:]
    for name in names where !layout.isRandomState(name, file.tensors[name]!) {
      let (module, array) = layout.split(name)
      modules[module, default: []].append(NamedTensor(name: name, array: array, tensor: file.tensors[name]!))
    }
    var (layers, unread) = ([Layer](), [String]())
    for (module, tensors) in modules.sorted(by: { $0.key.precedesByBytes($1.key) }) {
      let matrices = tensors.filter { $0.tensor.shape.count == 2 && $0.tensor.isFloatingPoint }
      let vectors = tensors.filter { $0.tensor.shape.count == 1 && $0.tensor.isFloatingPoint }
      let biases = vectors.filter { vector in
        vector.isCalledBias && matrices.count == 1 && matrices[0].tensor.shape.contains(vector.tensor.count)
      }
      let isComputed = module.split { "./".contains($0) }.contains("parametrizations")
      guard matrices.count == 1, !isComputed, !matrices[0].tensor.shape.contains(0), biases.count == tensors.count - 1,
        biases.count <= 1
      else {
        unread += tensors.map(\.name)
        continue
      }
      layers.append(Layer(module: module, matrix: matrices[0], bias: biases.first))
    }
    return (layers, unread.sorted { $0.precedesByBytes($1) })
  }
}

extension PackageLayout {
  /// Whether a tensor is the state of a random source of flax, a key or a counter, which is no weight.
  fileprivate static func isRandomState(_ name: String, _ tensor: StoredTensor) -> Bool {
    tensor.dtype == .u32 && name.split { "./".contains($0) }.contains("rngs")
  }
}
