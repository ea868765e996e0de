import SequenceModeling

/// A task over a list of prepared batches, used in turn.
struct PreparedTask<Model: Module<Float>, Batch>: TrainingTask {
  let batches: [Batch]
  let lossOfBatch: (Model, Batch, inout ForwardContext<Float>) -> Variable<Float>

  var stepsPerEpoch: Int { batches.count }

  func loss(of model: Model, step: Int, in context: inout ForwardContext<Float>) -> Variable<Float> {
    lossOfBatch(model, batches[step % batches.count], &context)
  }
}

extension Module where Scalar == Float {
  /// The model after training with Adam: a short warm-up, then cosine decay of the learning rate.
  func trained<Batch>(
    on batches: [Batch], steps: Int, learningRate: Double,
    loss: @escaping (Self, Batch, inout ForwardContext<Float>) -> Variable<Float>
  ) throws -> Self {
    let trainer = Trainer(
      model: self, task: PreparedTask(batches: batches, lossOfBatch: loss),
      optimizer: .adam(learningRate: learningRate),
      schedule: .warmUp(steps: 20, from: 0.1, then: .cosine(steps: steps, floor: 0.01)), clipping: .norm(1), seed: 1)
    for _ in 0..<steps { _ = try trainer.trainStep() }
    return trainer.model
  }
}

extension Collection {
  /// The fraction of elements that satisfy a predicate.
  func share(where holds: (Element) throws -> Bool) rethrows -> Double {
    Double(try filter(holds).count) / Double(Swift.max(count, 1))
  }
}
