import Foundation
import SequenceModeling

/// The pronunciation of English words in g2p-en: two GRUs, in a NumPy archive.
struct PronunciationModel: PackageModel {
  var (letters, sounds): (Embedding<Float>, Embedding<Float>)
  var (encoder, decoder): (StackedRecurrent<GRUCell<Float>>, StackedRecurrent<GRUCell<Float>>)
  var output: Dense<Float>

  init(folder: String) throws {
    let arrays = try PackageFile(contentsOf: folder + "/checkpoint20.npz").tensors
    func gru(_ name: String) throws -> StackedRecurrent<GRUCell<Float>> {
      func array(_ part: String) -> StoredTensor { arrays["\(name)_\(part)"]! }
      let weights = RecurrentWeights.Direction(
        inputWeight: array("w_ih"), recurrentWeight: array("w_hh"), inputBias: array("b_ih"),
        recurrentBias: array("b_hh"))
      return try StackedRecurrent(RecurrentWeights(cell: .gru, layers: [.init(forward: weights)]))
    }
    letters = Embedding(weight: arrays["enc_emb"]!.floats)
    sounds = Embedding(weight: arrays["dec_emb"]!.floats)
    (encoder, decoder) = (try gru("enc"), try gru("dec"))
    output = Dense(weight: arrays["fc_w"]!.floats, bias: arrays["fc_b"]!.floats)
    bind()
  }

  /// Numbers of the sounds of each word: at most 20, up to the one that ends them.
  func callAsFunction(_ input: Data) -> Output {
    var context = ForwardContext<Float>()
    return Output(lines: lines(of: input).map { sounds(of: $0, in: &context).map(String.init).joined(separator: " ") })
  }
}

extension PronunciationModel {
  private func sounds(of word: String, in context: inout ForwardContext<Float>) -> [Int32] {
    let (unknown, end, start, endOfSounds): (Int32, Int32, Int32, Int32) = (1, 2, 2, 3)
    let ids = word.utf8.map { (97...122).contains($0) ? Int32($0) - 94 : unknown } + [end]
    func vectors(_ ids: [Int32], _ table: Embedding<Float>) -> SequenceInput<Float> {
      .embedded(TokenGrid(ids: ids, time: ids.count, batch: 1), table: Variable(table.weight.value))
    }
    var state = encoder.runToEnd(vectors(ids, letters), in: &context).state
    var found: [Int32] = []
    var last = start
    while found.count < 20 {
      let (hidden, next) = decoder.runToEnd(vectors([last], sounds), from: state, in: &context)
      (state, last) = (next, output(hidden, in: &context).value.argmax()[0])
      if last == endOfSounds { break }
      found.append(last)
    }
    return found
  }
}

extension PronunciationModel: Module {
  typealias Scalar = Float

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&letters, "letters")
    try visitor.visit(&sounds, "sounds")
    try visitor.visit(&encoder, "encoder")
    try visitor.visit(&decoder, "decoder")
    try visitor.visit(&output, "output")
  }
}
