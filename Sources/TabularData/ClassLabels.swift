import TensorCore

/// The classes that samples belong to, by number.
public struct ClassLabels: Sendable {
  /// The name of each class; a class's number is its place here.
  public let names: [String]
  /// The class of each sample.
  public let indices: [Int32]

  /// A row for each sample, 1 at its class and 0 elsewhere: shape [samples, classes].
  public func oneHot<Scalar: TensorScalar>(as type: Scalar.Type = Float.self) -> Tensor<Scalar> {
    .oneHot(indices, classes: names.count)
  }
}
