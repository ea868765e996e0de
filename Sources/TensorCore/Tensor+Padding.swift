extension Tensor {
  /// A tensor of zeros of the given shape in which this one stands from `start` along an axis: the adjoint of `slice`.
  package func padded(to shape: TensorShape, axis: Int, at start: Int) -> Tensor {
    let axis = shape.resolve(axis)
    var result = Tensor.zeros(shape, pool: storage.pool)
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let (block, length) = (shape[axis] * inner, self.shape[axis] * inner)
    result.withMutableMemory { target in
      withMemory { source in
        guard length > 0, let target = target.baseAddress, let source = source.baseAddress else { return }
        (target + start * inner).copyRows(
          shape.dimensions[..<axis].reduce(1, *), of: length, from: source, stride: length, toStride: block)
      }
    }
    return result
  }
}
