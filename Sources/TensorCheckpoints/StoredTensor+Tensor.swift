import TensorCore

/// A scalar type that tensors hold and files store: `Float` or `Double`.
public typealias StorableScalar = StoredValue & TensorScalar

extension StoredTensor {
  package init<Scalar: StorableScalar>(_ tensor: Tensor<Scalar>) {
    self.init(tensor.scalars, shape: tensor.shape.dimensions)
  }
}

extension Checkpoint {
  /// The tensor `name`; numbers stored in another precision are rounded.
  ///
  /// - Throws: `SafetensorsError` when it is missing, has another shape or another kind of type.
  package func tensor<Scalar: StorableScalar>(
    _ name: String, shape: TensorShape
  ) throws(SafetensorsError) -> Tensor<Scalar> {
    Tensor(try values(of: name, shape: shape.dimensions), shape: shape)
  }
}
