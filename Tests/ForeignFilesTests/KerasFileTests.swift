import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// Weights of Keras 3.15.1, and of a file in the form of Keras 2, have the names by which Keras finds them.
@Suite struct KerasFileTests {
  private let names = [
    "layers/bidirectional/backward_layer/cell/vars/0", "layers/bidirectional/backward_layer/cell/vars/1",
    "layers/bidirectional/backward_layer/cell/vars/2", "layers/bidirectional/forward_layer/cell/vars/0",
    "layers/bidirectional/forward_layer/cell/vars/1", "layers/bidirectional/forward_layer/cell/vars/2",
    "layers/dense/vars/0", "layers/dense/vars/1", "layers/lstm/cell/vars/0", "layers/lstm/cell/vars/1",
    "layers/lstm/cell/vars/2",
  ]
  /// Shapes in the order of the names, and the numbers of the weights in the model.
  private let weights: [(shape: [Int], number: Float)] = [
    ([3, 6], 6), ([2, 6], 7), ([2, 6], 8), ([3, 6], 3), ([2, 6], 4), ([2, 6], 5), ([4, 2], 9), ([2], 10), ([2, 12], 0),
    ([3, 12], 1), ([12], 2),
  ]

  private func expectModel(_ file: HDF5File, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let tensors = try file.tensors()
    #expect(tensors.names == names, sourceLocation: sourceLocation)
    for (name, (shape, number)) in zip(names, weights) {
      let expected = StoredTensor(ruled(shape.reduce(1, *), number: number), shape: shape)
      #expect(tensors[name] == expected, "\(name)", sourceLocation: sourceLocation)
    }
    #expect(try file.attribute("name", of: "layers/dense/vars") == .text("out"), sourceLocation: sourceLocation)
  }

  @Test func weightsOfKeras3ComeBack() throws { try expectModel(HDF5File(fixture("keras-3.weights.h5"))) }

  @Test func weightsInAModelOfKeras3ComeBack() throws {
    let archive = try ZIPArchive(fixture("keras-3.keras"))
    try expectModel(HDF5File(#require(archive["model.weights.h5"]), of: archive))
  }

  @Test func weightsStayInTheFile() throws {
    let archive = try ZIPArchive(fixture("keras-3.keras"))
    let member = try HDF5File(#require(archive["model.weights.h5"]), of: archive)
    for file in [try HDF5File(fixture("keras-3.weights.h5")), member] {
      for tensor in try file.tensors().tensors.values {
        guard case .mapped = tensor.contents else {
          Issue.record("a copy of \(tensor.shape)")
          continue
        }
      }
    }
  }

  @Test func bfloat16OfKeras3ComesBack() throws {
    let tensors = try HDF5File(fixture("bfloat16.weights.h5")).tensors()
    #expect(tensors["layers/dense/vars/0"]?.dtype == .bf16)
    #expect(tensors["layers/dense/vars/0"]?.values(as: Float.self) == ruled(6))
    #expect(tensors["layers/dense/vars/1"]?.values(as: Float.self) == ruled(3, number: 1))
  }

  /// Names of layers and weights stand in attributes: texts of any length in Keras 3, of one length in Keras 2.
  @Test(arguments: [
    ("keras-3-legacy.h5", "model_weights", ["lstm", "bidirectional", "out"], 11),
    ("keras-2.h5", "/", ["embedding", "lstm_1"], 4),
  ])
  func layersAndWeightsAreNamedInAttributes(name: String, group: String, layers: [String], count: Int) throws {
    let file = try HDF5File(fixture(name))
    let root = try #require(file[group])
    #expect(try root.attribute("layer_names") == .texts(layers))
    var found: [StoredTensor] = []
    for layer in layers {
      guard case .texts(let weights)? = try root[layer]?.attribute("weight_names") else {
        Issue.record("no names of weights")
        return
      }
      let tensors = try #require(root[layer]).tensors()
      found += weights.compactMap { tensors[$0] }
    }
    #expect(found.count == count)
    for (number, tensor) in found.enumerated() {
      #expect(tensor == StoredTensor(ruled(tensor.count, number: Float(number)), shape: tensor.shape))
    }
  }
}
