import Autograd
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
  /// copies that are saved, and the activations of a step and of a validation with their gradients.
  ///
  /// - Parameters:
  ///   - time: positions of each stream that a step keeps activations of.
  ///   - hasDocuments: whether the state is reset where documents begin.
  ///   - isPenalized: whether the loss has penalties on activations.
  ///   - isAveraged: whether weights are averaged: a mean, one to go back to, and the copy that is saved.
  ///   - recomputes: whether activations are computed again instead of kept; validations then wait for their memory.
  func trainingBytes(
    time: Int, batch: Int, hasDocuments: Bool, isPenalized: Bool, isAveraged: Bool, recomputes: Bool
  ) -> Double {
    let (layers, hidden) = (architecture.layers, architecture.hidden)
    let kept = rnn.numbersPerPosition(hasResets: hasDocuments)
    let ofStacking = layers * hidden * ((architecture.residual ? 2 : 0) + (architecture.dropsUnits ? 2 : 0))
    let scores = 2 * shape.vocabulary
    // Gradients of the outputs of a layer and of its inputs are there at a time.
    let held = kept + ofStacking + 2 * hidden
    // Outputs of segments are joined, and so are their gradients.
    let ofAllSteps = scores + (isPenalized ? 3 * layers * hidden : 0) + (recomputes ? 4 * rnn.outputSize : 0)

    let heldTime = recomputes ? type(of: rnn).stepsOfSegment(time: time, batch: batch) : time
    // Floating-point: sizes that no memory has may be more than a whole number counts.
    func numbers(_ rows: Int, _ width: Int) -> Double { Double(rows) * Double(width) }
    let training =
      numbers(batch * heldTime, held) + numbers(batch * time, ofAllSteps)
      + numbers(ChunkPlan.mostRows(batch: batch), 2 * kept / layers)
    let validation = numbers(Evaluation.mostRows, kept + scores)
    let activations = recomputes ? max(training, validation) : training + validation
    return (numbers(isAveraged ? 18 : 15, parameterCount) + activations) * Double(MemoryLayout<Scalar>.stride)
  }
}

extension Architecture {
  fileprivate var dropsUnits: Bool { dropout + lockedDropout > 0 }
}
