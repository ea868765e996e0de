import Foundation
import SequenceModeling

/// The character model of textgenrnn: two LSTM layers and attention, in an HDF5 file of Keras 2.
struct TextModel: PackageModel {
  static let length = 40
  let symbols: [String: Int32]
  var embedding: Embedding<Float>
  var layers: [StackedRecurrent<LSTMCell<Float>>]
  var (attention, output): (Dense<Float>, Dense<Float>)

  init(folder: String) throws {
    symbols = try JSONDecoder().decode(
      [String: Int32].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/textgenrnn_vocab.json")))
    let tensors = try HDF5File(contentsOf: folder + "/textgenrnn_weights.hdf5").tensors().tensors
    func matrix(_ name: String) -> Tensor<Float> { tensors[name]!.floats }
    embedding = Embedding(weight: matrix("embedding/embedding/embeddings:0"))
    // The attention reads the outputs of both, so that each is a stack of its own.
    layers = try ["rnn_1/", "rnn_2/"].map { prefix in
      try StackedRecurrent(RecurrentWeights(tensors.filter { $0.key.hasPrefix(prefix) }, in: .keras))
    }
    attention = Dense(weight: matrix("attention/attention/attention_W:0").transposed())
    output = Dense(
      weight: matrix("output/output/kernel:0").transposed(), bias: matrix("output/output/bias:0"), activation: .softmax)
  }

  /// Probabilities of the next symbol after each line.
  func callAsFunction(_ input: Data) -> Output {
    var context = ForwardContext<Float>()
    return Output(numbers: lines(of: input).flatMap { next(after: $0, in: &context).scalars })
  }

  private func next(after text: String, in context: inout ForwardContext<Float>) -> Tensor<Float> {
    let ids = text.unicodeScalars.suffix(Self.length).map { symbols[String($0)] ?? 0 }
    let padded = Array(repeating: 0, count: Self.length - ids.count) + ids
    var parts = [embedding(padded, in: &context).reshaped([Self.length, 1, embedding.weight.shape[1]])]
    for layer in layers { parts.append(layer.run(.vectors(parts.last!), in: &context).outputs) }
    let all = Variable.concatenate(parts, axis: 2)
    let weights = attention(all, in: &context).value.reshaped([1, Self.length]).softmax()
    let summary = weights.matmul(all.value.reshaped([Self.length, all.shape[2]]))
    return output(Variable(summary), in: &context).value
  }
}
