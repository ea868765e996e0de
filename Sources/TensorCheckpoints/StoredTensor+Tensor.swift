import TensorCore

/// A scalar type that tensors hold and files store: `Float` or `Double`.
public typealias StorableScalar = StoredValue & TensorScalar

extension StoredTensor {
  /// A tensor as files store it.
  public init<Scalar: StorableScalar>(_ tensor: Tensor<Scalar>) {
    self.init(tensor.scalars, shape: tensor.shape.dimensions)
  }
}

extension Tensor where Scalar: StorableScalar {
  /// The numbers of a stored tensor; those in another precision are rounded.
  ///
  /// - Returns: nil where the stored type is no floating-point type.
  public init?(_ stored: StoredTensor) {
    guard let values = stored.values(as: Scalar.self) else { return nil }
    self.init(values, shape: TensorShape(stored.shape))
  }
}

extension Checkpoint {
  /// The tensor `name`; numbers stored in another precision are rounded.
  ///
  /// - Parameter shape: shape that it must have; nil for any.
  /// - Throws: `SafetensorsError` when it is missing, has another shape or another kind of type.
  public func tensor<Scalar: StorableScalar>(
    _ name: String, shape: TensorShape? = nil
  ) throws(SafetensorsError) -> Tensor<Scalar> {
    let values: [Scalar] = try values(of: name, shape: shape?.dimensions)
    return Tensor(values, shape: shape ?? TensorShape(tensors[name]!.shape))
  }
}
