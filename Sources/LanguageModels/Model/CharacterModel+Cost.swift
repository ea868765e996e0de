import NeuralLayers
import TensorCore

/// Costs of a model, counted from its parameters; a model whose weights are still to be drawn is enough.
extension CharacterModel {
  /// Floating-point operations to train on a token: two for each multiply-add, once forward and twice backward. The product of
  /// the lowest layer's input is not counted: for one-hot tokens it is a look-up.
  package var operationsPerToken: Int {
    let products = parameters.filter {
      $0.parameter.shape.rank == 2 && $0.name.hasPrefix("rnn.") && $0.name != "rnn.weight_ih_l0"
    }
    return 6 * (products.reduce(decoderWeight.shape.count) { $0 + $1.parameter.shape.count })
  }

  /// Bytes of training, about, measured and rounded up: weights, gradients, moments, packed copies, a state to go back to, the
  /// copies that are saved, and the activations of a step with their gradients.
  ///
  /// - Parameters:
  ///   - time: positions of each stream that a step keeps activations of.
  ///   - isPenalized: whether the loss has penalties on activations.
  ///   - isAveraged: whether weights are averaged: a mean, one to go back to, and the copy that is saved.
  ///   - recomputes: whether activations are computed again instead of kept.
  func trainingBytes(time: Int, batch: Int, isPenalized: Bool, isAveraged: Bool, recomputes: Bool) -> Double {
    func rows(_ time: Int) -> Double { Double(time) * Double(batch) }
    let held = recomputes ? type(of: rnn).stepsOfSegment(time: time, batch: batch) : time
    // The outputs of all steps are kept in any case, and their gradients.
    let outputs =
      2 * rnn.outputSize + 2 * shape.vocabulary + (isPenalized ? 3 * architecture.layers * architecture.hidden : 0)
    let numbers =
      (isAveraged ? 18 : 15) * Double(parameterCount) + rows(held) * Double(activationsPerPosition)
      + rows(time) * Double(recomputes ? outputs : outputs - 2 * rnn.outputSize)
    return numbers * Double(MemoryLayout<Scalar>.stride)
  }

  /// Numbers that all layers keep of a position, gradients included.
  private var activationsPerPosition: Int {
    let shapes = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.parameter.shape) })
    let with = architecture
    return rnn.stateComponents.enumerated().reduce(0) { sum, layer in
      let preactivations = shapes["rnn.weight_ih_l\(layer.offset)"]?[0] ?? 0
      let kept = with.cell == .minLSTM ? 1 : 0
      let units = 2 + kept + (with.residual ? 2 : 0) + (with.dropout + with.lockedDropout > 0 ? 2 : 0)
      return sum + 2 * preactivations + units * with.hidden
        + (with.layerNorm ? preactivations + with.hidden : 0)
        + (with.zoneout > 0 ? 2 * layer.element.reduce(0) { $0 + $1.width } : 0)
    }
  }
}
