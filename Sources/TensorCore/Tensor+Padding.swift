extension Tensor {
  /// A tensor of zeros of the given shape in which this one stands from `start` along an axis: the adjoint of `slice`.
  package func padded(to shape: TensorShape, axis: Int, at start: Int) -> Tensor {
    let axis = shape.resolve(axis)
    var result = Tensor.zeros(shape, pool: storage.pool)
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let (block, length) = (shape[axis] * inner, self.shape[axis] * inner)
    result.withMutableScalars { target in
      withScalars { source in
        guard length > 0, let target = target.baseAddress, let source = source.baseAddress else { return }
        for i in 0..<shape.dimensions[..<axis].reduce(1, *) {
          (target + i * block + start * inner).update(from: source + i * length, count: length)
        }
      }
    }
    return result
  }
}
