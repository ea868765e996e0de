/// A tensor and the view by which its memory is written: what a pass allocates once and fills step by step.
///
/// The tensor may be read and handed on once the writing is done. While it is written to, nothing else may copy from it.
package struct OwnedMatrix<Scalar: TensorScalar>: Sendable {
  package let tensor: Tensor<Scalar>
  /// The rows of the tensor's last axis. Valid while the tensor, or a copy of it, lives.
  package let view: MutableMatrixView<Scalar>

  /// Takes over a tensor, which is copied first if its memory is shared.
  package init(_ tensor: consuming Tensor<Scalar>) {
    view = tensor.mutableMatrix()
    self.tensor = tensor
  }

  /// A tensor whose elements are not set yet.
  package init(uninitialized shape: TensorShape, pool: BufferPool? = nil) {
    self.init(Tensor(uninitialized: shape, pool: pool))
  }
}

/// A tensor and the view by which it is read: an operand that outlives the call which it came with.
package struct SharedMatrix<Scalar: TensorScalar>: Sendable {
  package let tensor: Tensor<Scalar>
  /// The rows of the tensor's last axis. Valid while the tensor, or a copy of it, lives.
  package let view: MatrixView<Scalar>

  package init(_ tensor: Tensor<Scalar>) { (self.tensor, view) = (tensor, tensor.matrix()) }
}
