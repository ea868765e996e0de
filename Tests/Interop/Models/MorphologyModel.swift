import Foundation
import SequenceModeling

/// The morphology of Uzbek words in uzmorph-bigru: two bidirectional GRU layers, in a state dict of PyTorch.
struct MorphologyModel: PackageModel {
  static let length = 30
  let letters: [String: Int32]
  /// Tags by their numbers.
  let tags: [Int32: String]
  var embedding: Embedding<Float>
  var recurrent: StackedRecurrent<GRUCell<Float>>
  var output: Dense<Float>

  init(folder: String) throws {
    func numbers(_ name: String) throws -> [String: Int32] {
      try JSONDecoder().decode(
        [String: Int32].self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/data/\(name)_vocab.json")))
    }
    letters = try numbers("char")
    tags = Dictionary(uniqueKeysWithValues: try numbers("tag").map { ($1, $0) })
    let tensors = try PackageFile(contentsOf: folder + "/data/morph_bigru.pth").tensors
    embedding = Embedding(weight: tensors["char_embeddings.weight"]!.floats)
    recurrent = try StackedRecurrent(
      RecurrentWeights(tensors.filter { $0.key.hasPrefix("gru.") }, in: .pytorch))
    output = Dense(weight: tensors["hidden2tag.weight"]!.floats, bias: tensors["hidden2tag.bias"]!.floats)
  }

  /// A tag for each letter of each word, and the scores of all tags at all 30 places.
  func callAsFunction(_ input: Data) -> Output {
    var context = ForwardContext<Float>()
    var result = Output()
    for word in lines(of: input) {
      let ids = word.unicodeScalars.prefix(Self.length).map { letters[String($0)] ?? letters["UNK"]! }
      let padded = ids + Array(repeating: letters["PAD"]!, count: Self.length - ids.count)
      let vectors = embedding(padded, in: &context).reshaped([Self.length, 1, embedding.weight.shape[1]])
      let scores = output(recurrent.run(.vectors(vectors), in: &context).outputs, in: &context).value
      result.numbers += scores.scalars
      result.lines.append(scores.argmax().prefix(ids.count).map { tags[$0]! }.joined(separator: " "))
    }
    return result
  }
}
