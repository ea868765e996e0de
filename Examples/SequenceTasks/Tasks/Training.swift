import SequenceModeling

/// Learning from batches that lie ready, one after the other.
struct PreparedTask<Model: Module<Float>, Batch>: TrainingTask {
  let batches: [Batch]
  let lossOfBatch: (Model, Batch, inout ForwardContext<Float>) -> Variable<Float>

  var stepsPerEpoch: Int { batches.count }

  func loss(of model: Model, step: Int, in context: inout ForwardContext<Float>) -> Variable<Float> {
    lossOfBatch(model, batches[step % batches.count], &context)
  }
}

extension Module where Scalar == Float {
  /// This model after so many steps with Adam, whose rate follows a cosine down.
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
  /// The share of elements for which something holds.
  func share(where holds: (Element) throws -> Bool) rethrows -> Double {
    Double(try filter(holds).count) / Double(Swift.max(count, 1))
  }
}
