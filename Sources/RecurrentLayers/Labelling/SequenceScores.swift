import Autograd
import TensorCore

extension Tensor {
  /// Scores of one sequence of a batch, [time, batch, classes], in double precision: [steps, classes].
  func scores(ofSequence sequence: Int, steps: Int) -> [Double] {
    var row = [Double](repeating: 0, count: shape[2])
    var scores: [Double] = []
    scores.reserveCapacity(steps * row.count)
    for t in 0..<steps {
      copyRow(t * shape[1] + sequence, to: &row)
      scores += row
    }
    return scores
  }

  /// Scores of each sequence of a batch, [steps, classes].
  ///
  /// Traps as `checkedSteps` does.
  ///
  /// - Throws: `LabellingError` when a score is +∞ or not a number.
  func checkedScores(
    _ operation: String, lengths: SequenceLengths?, classes: Int? = nil
  ) throws(LabellingError) -> [[Double]] {
    var sequences: [[Double]] = []
    for (sequence, steps) in checkedSteps(operation, lengths: lengths, classes: classes).enumerated() {
      let scores = scores(ofSequence: sequence, steps: steps)
      if let bad = scores.firstIndex(where: { !($0 < .infinity) }) {
        throw .unsoundScore(sequence: sequence, step: bad / shape[2])
      }
      sequences.append(scores)
    }
    return sequences
  }

  /// A tensor of numbers rounded to its scalars.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  init(rounding numbers: [Double], shape: TensorShape) { self.init(numbers.map { Scalar($0) }, shape: shape) }

  /// Steps of each sequence of this batch.
  ///
  /// Traps unless this is a batch [time, batch, classes] with at least one step, of as many classes and sequences, and the
  /// lengths are for it.
  func checkedSteps(
    _ operation: String, lengths: SequenceLengths?, classes: Int? = nil, sequences: Int? = nil
  ) -> [Int] {
    if rank != 3 || shape[0] == 0 || classes.map({ $0 != shape[2] }) ?? (shape[2] == 0) {
      let expected = classes.map(String.init) ?? "classes"
      shapeFailure(operation, shape, hint: "the scores must be [time, batch, \(expected)], with at least one step")
    }
    let (time, batch) = (shape[0], shape[1])
    require(
      sequences == nil || sequences == batch,
      "\(operation): labels of \(sequences ?? 0) sequences for scores of \(batch) sequences")
    guard let lengths else { return Array(repeating: time, count: batch) }
    require(
      lengths.count == batch && lengths.time == time,
      "\(operation): lengths of \(lengths.count) sequences in \(lengths.time) steps for scores of \(batch) sequences in "
        + "\(time) steps")
    return lengths.steps
  }
}

/// Losses of sequences, [batch], or their weighted sum, a single number: one node.
///
/// - Parameters:
///   - weights: of the sequences in the sum; nil for no sum.
///   - gradients: from ∂L/∂loss of each sequence to ∂L/∂input for each input.
func sequenceLoss<Scalar>(
  _ losses: [Double], weights: [Double]?, of inputs: [Variable<Scalar>],
  gradients: @escaping (_ factors: [Double]) -> [Tensor<Scalar>?]
) -> Variable<Scalar> {
  guard let weights else {
    return Variable.operation(Tensor(rounding: losses, shape: [losses.count]), of: inputs) { upstream in
      gradients(upstream.scalars.map(\.double))
    }
  }
  let sum = zip(losses, weights).reduce(0) { $0 + $1.0 * $1.1 }
  return Variable.operation(Tensor(Scalar(sum)), of: inputs) { upstream in
    gradients(weights.map { $0 * upstream.scalar.double })
  }
}
