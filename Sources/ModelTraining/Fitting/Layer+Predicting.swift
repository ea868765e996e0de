import Autograd
import NeuralLayers
import TabularData
import TensorCore

extension Layer {
  /// The outputs for inputs [samples, …], in inference mode.
  ///
  /// - Parameter batchSize: samples computed at once; it bounds memory.
  public func predict(_ inputs: Tensor<Scalar>, batchSize: Int = 256, threads: Int = 1) -> Tensor<Scalar> {
    require(
      inputs.rank > 1, "predict: inputs of shape \(inputs.shape) are not [samples, …]; a single sample is [1, …]")
    require(batchSize > 0, "predict: batches of \(batchSize)")
    let count = inputs.shape[0]
    let workspace = Workspace<Scalar>(threads: threads)
    let parts = stride(from: 0, to: max(count, 1), by: batchSize).map { start in
      var context = ForwardContext<Scalar>(workspace: workspace)
      return self(Variable(inputs.rows(start..<min(start + batchSize, count))), in: &context).value
    }
    return parts.count == 1 ? parts[0] : .concatenate(parts)
  }

  /// The outputs for sequences of any lengths, in inference mode: for each sequence [steps, …] from a model that gives one for
  /// each step, and […] from one that gives one for each sequence.
  ///
  /// - Parameter batchSize: sequences of about one length that are computed at once; it bounds memory.
  /// - Throws: `DataError` where a sequence has too few steps or other sizes than the rest, a number is not finite, or the model
  ///   has no token of an id.
  public func predict(
    _ sequences: RaggedSequences<Scalar>, batchSize: Int = 256, threads: Int = 1
  ) throws(DataError) -> [Tensor<Scalar>] {
    try sequences.validate()
    if let inputTokens { try sequences.requireTokens(below: inputTokens) }
    try sequences.requireSteps { outputSteps(of: $0) != nil }
    let workspace = Workspace<Scalar>(threads: threads)
    var outputs: [Tensor<Scalar>?] = Array(repeating: nil, count: sequences.count)
    for indices in BatchOrder(longestFirst: sequences.steps, batchSize: batchSize) {
      let (inputs, lengths) = sequences.batch(indices)
      var context = ForwardContext<Scalar>(workspace: workspace)
      context.lengths = lengths
      let values = self(Variable(inputs), in: &context).value
      let steps = context.lengths?.steps
      for (row, index) in indices.enumerated() {
        let output = values.row(row)
        outputs[index] = steps.map { output.rows(0..<$0[row]) } ?? output
      }
    }
    return outputs.map { $0! }
  }
}
