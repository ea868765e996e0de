import Foundation
import SequenceModeling

/// The pronunciation of English words in g2p-en: two GRUs, in a NumPy archive.
struct PronunciationModel: PackageModel {
  private let letters, sounds: Tensor<Float>
  private let encoder, decoder: StackedRecurrent<GRUCell<Float>>
  private let output: Dense<Float>

  init(folder: String) throws {
    let arrays = try PackageFile(contentsOf: folder + "/checkpoint20.npz").tensors
    func gru(_ name: String) throws -> StackedRecurrent<GRUCell<Float>> {
      func array(_ part: String) -> StoredTensor { arrays["\(name)_\(part)"]! }
      let weights = RecurrentWeights.Direction(
        inputWeight: array("w_ih"), recurrentWeight: array("w_hh"), inputBias: array("b_ih"),
        recurrentBias: array("b_hh"))
      return try StackedRecurrent(
        RecurrentWeights(cell: .gru, gateActivation: .sigmoid, layers: [.init(forward: weights)]))
    }
    (encoder, decoder) = (try gru("enc"), try gru("dec"))
    (letters, sounds) = (arrays["enc_emb"]!.floats, arrays["dec_emb"]!.floats)
    output = Dense(weight: arrays["fc_w"]!.floats, bias: arrays["fc_b"]!.floats)
  }

  /// Numbers of the sounds of each word: at most 20, up to the one that ends them.
  func callAsFunction(_ input: Data) -> Output {
    let (unknown, end, start, endOfSounds): (Int32, Int32, Int32, Int32) = (1, 2, 2, 3)
    var context = ForwardContext<Float>()
    func vectors(_ ids: [Int32], _ table: Tensor<Float>) -> SequenceInput<Float> {
      .embedded(TokenGrid(ids: ids, time: ids.count, batch: 1), table: Variable(table))
    }
    return Output(
      lines: lines(of: input).map { word in
        let ids = word.utf8.map { (97...122).contains($0) ? Int32($0) - 94 : unknown } + [end]
        var (state, found) = (encoder.runToEnd(vectors(ids, letters), in: &context).state, [start])
        while found.count <= 20 && found.last != endOfSounds {
          let (hidden, next) = decoder.runToEnd(vectors([found.last!], sounds), from: state, in: &context)
          state = next
          found.append(output(hidden, in: &context).value.argmax()[0])
        }
        return found.dropFirst().filter { $0 != endOfSounds }.map(String.init).joined(separator: " ")
      })
  }
}
