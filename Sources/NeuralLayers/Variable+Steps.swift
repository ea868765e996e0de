import Autograd
import TensorCore

extension Variable {
  /// Sequences, [batch, time, features], whose steps a function maps as rows, [Σ steps, features], so that it sees no padding;
  /// zeros after the end of each sequence.
  func mappingSteps(of lengths: SequenceLengths, _ transform: (Variable) -> Variable) -> Variable {
    let rows = steps(of: lengths)
    let mapped = transform(rows)
    let padding = Variable(.zeros([1, mapped.shape[1]], beside: mapped.value))
    var sources = [Int32](repeating: Int32(rows.shape[0]), count: lengths.count * lengths.time)
    for (row, position) in lengths.positions.enumerated() { sources[Int(position)] = Int32(row) }
    return Variable.concatenate([mapped, padding], axis: 0).gatherRows(sources)
      .reshaped([lengths.count, lengths.time, mapped.shape[1]])
  }

  /// The steps of sequences, [batch, time, …], that are no padding, as rows [Σ steps, features], sequence by sequence.
  ///
  /// - Precondition: the lengths are of this batch.
  public func steps(of lengths: SequenceLengths) -> Variable {
    requireSequences(of: lengths, "steps")
    return reshaped([lengths.count * lengths.time, shape.dimensions[2...].reduce(1, *)]).gatherRows(lengths.positions)
  }

  /// Sequences, [batch, time, …], with zeros after the end of each, whatever stood there.
  ///
  /// - Precondition: the lengths are of this batch.
  func clearingPadding(_ lengths: SequenceLengths) -> Variable {
    requireSequences(of: lengths, "clearingPadding")
    let mask = lengths.steps.flatMap { count in (0..<lengths.time).map { $0 < count } }
    return reshaped([mask.count, -1]).keepingRows(mask).reshaped(shape.dimensions)
  }

  private func requireSequences(of lengths: SequenceLengths, _ operation: String) {
    if shape.rank < 2 || shape[0] != lengths.count || shape[1] != lengths.time {
      shapeFailure(
        operation, shape, [lengths.count, lengths.time],
        hint: "sequences are [batch, time, …]; a layer that changes the steps sets context.lengths")
    }
  }
}
