import TensorCore

/// The classes of samples, as numbers with names.
public struct ClassLabels: Sendable {
  /// The name of each class. The number of a class is its index here.
  public let names: [String]
  /// The class number of each sample.
  public let indices: [Int32]

  /// One-hot rows, [samples, classes]: 1 at the sample's class and 0 elsewhere.
  public func oneHot<Scalar: TensorScalar>(as type: Scalar.Type = Float.self) -> Tensor<Scalar> {
    .oneHot(indices, classes: names.count)
  }
}
