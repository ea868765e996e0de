extension Tensor {
  /// Sequences side by side, [sequences, time, …], with zeros after the end of each.
  ///
  /// - Parameter sequences: each [steps, …].
  /// - Precondition: there is at least one sequence, none is longer than `time`, and their shapes differ in the leading axis
  ///   at most.
  public static func padded(_ sequences: [Tensor], to time: Int) -> Tensor {
    require(!sequences.isEmpty, "padded: there are no sequences")
    let step = sequences[0].shape.dimensions.dropFirst()
    for sequence in sequences {
      if sequence.rank == 0 || sequence.shape.dimensions.dropFirst() != step || sequence.shape[0] > time {
        shapeFailure(
          "padded", sequences[0].shape, sequence.shape, hint: "only the steps may differ, up to \(time)")
      }
    }
    let width = step.reduce(1, *)
    for sequence in sequences.dropFirst() { requireSamePlace("padded", sequences[0], sequence) }
    var result = zeros(TensorShape([sequences.count, time] + step), pool: sequences[0].storage.pool)
    result.withMutableMemory { target in
      guard var place = target.baseAddress else { return }
      for sequence in sequences {
        sequence.withMemory { if let source = $0.baseAddress { place.copy(from: source, count: $0.count) } }
        place += time * width
      }
    }
    return result
  }

  /// The sequences of a padded batch, [sequences, time, …], each without its padding: [steps, …], sharing memory with it.
  ///
  /// - Precondition: there are as many lengths as sequences, each from 0 to `time`.
  public func withoutPadding(_ lengths: [Int]) -> [Tensor] {
    require(
      rank > 1 && lengths.count == shape[0] && lengths.allSatisfy { (0...shape[1]).contains($0) },
      "withoutPadding: a batch of shape \(shape) with \(counted(lengths.count, "length")) from \(lengths.min() ?? 0) to "
        + "\(lengths.max() ?? 0)")
    return lengths.enumerated().map { row($0).rows(0..<$1) }
  }
}
