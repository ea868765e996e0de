import TensorCore

/// Targets of sequences: one for each, or one for each step.
public enum SequenceTargets<Scalar: TensorScalar>: Sendable {
  /// A class for each sequence.
  case classes([Int32])
  /// Numbers for each sequence, [sequences, …].
  case values(Tensor<Scalar>)
  /// A class for each step of each sequence.
  case stepClasses([[Int32]])
  /// Numbers for each step of each sequence, each [steps, outputs].
  case stepValues([Tensor<Scalar>])

  /// The number of sequences.
  public var count: Int {
    switch self {
    case .classes(let classes): classes.count
    case .values(let values): values.shape[0]
    case .stepClasses(let classes): classes.count
    case .stepValues(let values): values.count
    }
  }

  /// Targets of each sequence; nil where a sequence has one.
  var steps: [Int]? {
    switch self {
    case .classes, .values: nil
    case .stepClasses(let classes): classes.map(\.count)
    case .stepValues(let values): values.map { $0.shape[0] }
    }
  }

  /// Whether there is a target for each step.
  var areOfSteps: Bool {
    switch self {
    case .classes, .values: false
    case .stepClasses, .stepValues: true
    }
  }

  /// Whether each step of a sequence has no number at all, but NaN; empty where all have one.
  func missingSteps(of sequence: Int) -> [Bool] {
    guard case .stepValues(let values) = self, values[sequence].firstNonFinite != nil else { return [] }
    let width = values[sequence].shape.dimensions.dropFirst().reduce(1, *)
    let scalars = values[sequence].scalars
    return (0..<values[sequence].shape[0]).map { step in
      scalars[step * width..<(step + 1) * width].allSatisfy(\.isNaN)
    }
  }

  /// The targets of some sequences.
  ///
  /// - Parameter kept: for each sequence the steps whose targets count, for targets of steps.
  func rows(_ indices: [Int], steps kept: (Int) -> [Int]) -> Targets<Scalar> {
    switch self {
    case .classes(let classes): .classes(indices.map { classes[$0] })
    case .values(let values): .values(values.rows(indices))
    case .stepClasses(let classes):
      .classes(indices.flatMap { index in kept(index).map { classes[index][$0] } })
    case .stepValues(let values):
      .values(
        .concatenate(
          indices.map { index in
            let steps = kept(index)
            return steps.count == values[index].shape[0] ? values[index] : values[index].rows(steps)
          }))
    }
  }
}
