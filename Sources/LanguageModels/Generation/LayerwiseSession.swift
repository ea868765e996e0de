import Autograd
import RecurrentLayers
import TensorCore

/// Layers that run step by step: everything is allocated once, and weights are packed once.
final class LayerwiseSession<Scalar: TensorScalar> {
  private let layers: [StepLayer<Scalar>]
  private let decoder: PackedMatrix<Scalar>
  /// [1, vocabulary].
  private let decoderBias: SharedMatrix<Scalar>
  private let vocabulary: Int
  private let team: ThreadTeam
  private let barrier: ThreadBarrier
  private let scores: OwnedMatrix<Scalar>
  private var step = 0

  /// Nil for a model that has cells or structure without such a form.
  init?(model: CharacterModel<Scalar>, batch: Int, weights: WeightFormat, team: ThreadTeam) {
    vocabulary = model.shape.vocabulary
    let threads = Self.isWorthSharing(model) ? team.count : 1
    let layers = model.rnn.stepLayers(
      batch: batch, shards: threads, format: weights.products, embedding: model.encoder?.weight.value)
    guard let layers else { return nil }
    self.layers = layers
    decoder = PackedMatrix(model.decoderWeight.value, transposed: true, format: weights.products)
    decoderBias = SharedMatrix(model.decoderBias.value.reshaped([1, vocabulary]))
    scores = OwnedMatrix(.zeros([batch, vocabulary]))
    self.team = threads > 1 && layers.contains { $0.shardCount > 1 } ? team : ThreadTeam(threads: 1)
    barrier = ThreadBarrier(of: self.team.count)
  }

  /// Small models are read from one core's cache faster than two threads can meet.
  private static func isWorthSharing(_ model: CharacterModel<Scalar>) -> Bool {
    model.operationsPerToken / 6 * MemoryLayout<Scalar>.stride > 1 << 20
  }

  /// The scores of all characters after the step that was run last, [batch, vocabulary].
  var logits: Tensor<Scalar> { scores.tensor }

  @_specialize(where Scalar == Float)
  func read(_ tokens: [Int32]) {
    step += 1
    require(team.count == barrier.count, "LayerwiseSession: threads rest that shared its units")
    team.run { thread in
      var below: MatrixView<Scalar>?
      for layer in layers {
        let isMine = thread < layer.shardCount
        if isMine { layer.run(shard: thread, step: step, tokens: tokens, below: below, isPrepared: step % 2 == 0) }
        barrier.wait()
        // Every other step, so that weights are read twice in a row.
        if isMine && step % 2 == 1 { layer.prepare(shard: thread, after: step) }
        below = layer.output(ofStep: step)
      }
      decode(below!, columns: team.part(of: vocabulary, unit: PackedMatrix<Scalar>.panelWidth, for: thread))
    }
  }

  private func decode(_ outputs: MatrixView<Scalar>, columns: Range<Int>) {
    scores.view.columns(columns).setProduct(
      outputs, decoder, columns: columns, onto: .everyRow(decoderBias.view.columns(columns)))
  }
}
