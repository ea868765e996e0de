import TensorCore

/// Sequences of any lengths: of vectors, or of token ids.
public enum RaggedSequences<Scalar: TensorScalar>: Sendable {
  /// Each [steps, …]; a step of every sequence has the same shape.
  case vectors([Tensor<Scalar>])
  case tokens([[Int32]])

  /// The number of sequences.
  public var count: Int {
    switch self {
    case .vectors(let sequences): sequences.count
    case .tokens(let sequences): sequences.count
    }
  }

  /// Steps of each sequence.
  public var steps: [Int] {
    switch self {
    case .vectors(let sequences): sequences.map { $0.shape[0] }
    case .tokens(let sequences): sequences.map(\.count)
    }
  }

  /// The sequences at the given indices.
  public func rows(_ indices: [Int]) -> RaggedSequences {
    switch self {
    case .vectors(let sequences): .vectors(indices.map { sequences[$0] })
    case .tokens(let sequences): .tokens(indices.map { sequences[$0] })
    }
  }

  /// The sequences at the given indices side by side, with zeros after the end of each: vectors [sequences, time, …], token
  /// ids [sequences, time]; and their lengths, nil where all are equal.
  ///
  /// - Precondition: there is at least one index, and none of these sequences is empty.
  public func batch(_ indices: [Int]) -> (inputs: Tensor<Scalar>, lengths: SequenceLengths?) {
    require(!indices.isEmpty, "batch: no indices")
    let part = rows(indices)
    let steps = part.steps
    let time = steps.max()!
    let inputs: Tensor<Scalar> =
      switch part {
      case .vectors(let sequences): .padded(sequences, to: time)
      case .tokens(let sequences):
        Tensor(
          sequences.flatMap { $0.map { Scalar($0) } + Array(repeating: 0, count: time - $0.count) },
          shape: [sequences.count, time])
      }
    guard steps.contains(where: { $0 < time }) else { return (inputs, nil) }
    guard let lengths = try? SequenceLengths(steps, time: time) else {
      programmingError("batch: a sequence has no steps")
    }
    return (inputs, lengths)
  }

  /// Checks that there are sequences, that each has steps of one shape, and that all numbers are finite, all ids countable.
  ///
  /// - Throws: `DataError`.
  public func validate() throws(DataError) {
    if count == 0 { throw .noSamples }
    switch self {
    case .vectors(let sequences):
      for tensor in sequences {
        require(tensor.rank > 0, "sequences: a tensor of shape \(tensor.shape) has no axis of steps")
      }
      if let empty = steps.firstIndex(of: 0) { throw .noSteps(sequence: empty) }
      try requireEqualSteps(sequences, .inputs)
      for (sequence, tensor) in sequences.enumerated() {
        try requireFinite(tensor, .inputs, at: { .step($0, ofSequence: sequence) })
      }
    case .tokens:
      if let empty = steps.firstIndex(of: 0) { throw .noSteps(sequence: empty) }
      // Ids from here on are no exact numbers of the scalar type.
      try requireTokens(below: min(1 << (Scalar.significandBitCount + 1), Int(Int32.max)))
    }
  }

  /// Checks the number of steps of each sequence.
  ///
  /// - Throws: `DataError.tooFewSteps` for the first that is not enough.
  public func requireSteps(_ isEnough: (Int) -> Bool) throws(DataError) {
    for (sequence, steps) in steps.enumerated() where !isEnough(steps) {
      throw .tooFewSteps(sequence: sequence, steps: steps)
    }
  }

  /// Checks that token ids are at least 0 and below a number. Vectors always pass.
  ///
  /// - Throws: `DataError.tokenOutOfRange` for the first that is not.
  public func requireTokens(below tokens: Int) throws(DataError) {
    guard case .tokens(let sequences) = self else { return }
    for (sequence, ids) in sequences.enumerated() {
      if let step = ids.firstIndex(where: { $0 < 0 || Int($0) >= tokens }) {
        throw .tokenOutOfRange("\(ids[step])", at: .step(step, ofSequence: sequence), tokens: tokens)
      }
    }
  }
}

/// Checks that a step of every sequence has the same shape.
func requireEqualSteps<Scalar>(_ sequences: [Tensor<Scalar>], _ part: DataError.Part) throws(DataError) {
  func step(_ tensor: Tensor<Scalar>) -> TensorShape { TensorShape(Array(tensor.shape.dimensions.dropFirst())) }
  guard let first = sequences.first.map(step) else { return }
  if let other = sequences.firstIndex(where: { step($0) != first }) {
    throw .widthsDiffer(part, sequence: other, shape: step(sequences[other]), first: first)
  }
}
