import NeuralLayers
import RecurrentLayers
import TensorCore

extension CharacterModel {
  /// The model as it reads texts token by token and predicts the next one of each: what generation runs on. Outputs are logits.
  ///
  /// - Parameters:
  ///   - texts: how many texts run side by side.
  ///   - weights: how weights are held.
  func session(texts: Int, weights: WeightFormat, team: ThreadTeam) -> StreamingSession<Scalar> {
    rnn.session(
      reading: encoder.map { .embedded($0) } ?? .tokens,
      head: Dense(weight: decoderWeight.value, bias: decoderBias.value), streams: texts, weights: weights.products,
      team: team)
  }
}
