/// Numbers that the host reads of several tensors at once: on a device one copy, however many they are.
///
/// - Parameters:
///   - scalars: tensors of a single number.
///   - squares: tensors whose sums of squares are wanted; the threads of a team share them.
/// - Returns: both in order; NaN where a device has failed.
package func figures<Scalar>(
  of scalars: [Tensor<Scalar>], sumsOfSquares squares: [Tensor<Scalar>], team: ThreadTeam?
) -> (scalars: [Double], squares: [Double]) {
  guard let device = (scalars.first ?? squares.first)?.storage.device else {
    return (scalars.map { $0.scalar.double }, sumsOfSquares(of: squares, team: team))
  }
  let result = device.figures(count: scalars.count + squares.count, of: Scalar.self) { index, target in
    if index < scalars.count {
      let source = scalars[index]
      device.copy(rows: 1, columns: 1, from: source.storage.base + source.offset, stride: 1, to: target, stride: 1)
    } else {
      device.sum(squares[index - scalars.count], squares: true, to: target)
    }
  }
  withExtendedLifetime((scalars, squares)) {}
  return (Array(result[..<scalars.count]), Array(result[scalars.count...]))
}

/// The sum of the squares of each tensor; the threads of a team share the tensors.
package func sumsOfSquares<Scalar>(of tensors: [Tensor<Scalar>], team: ThreadTeam?) -> [Double] {
  if tensors.first?.storage.device != nil { return figures(of: [], sumsOfSquares: tensors, team: nil).squares }
  return [Double](unsafeUninitializedCapacity: tensors.count) { sums, count in
    count = tensors.count
    guard let base = sums.baseAddress else { return }
    let target = SharedPointer(base)
    split(tensors.count, among: team) { part in
      for index in part { target.pointer[index] = tensors[index].sumOfSquares() }
    }
  }
}

/// Index of the first tensor that holds an element that is infinite or NaN.
package func firstNonFinite<Scalar>(of tensors: [Tensor<Scalar>]) -> Int? {
  guard let device = tensors.first?.storage.device else { return tensors.firstIndex { !$0.allFinite } }
  // Such an element makes the sum so too.
  let sums = device.figures(count: tensors.count, of: Scalar.self) { device.sum(tensors[$0], squares: false, to: $1) }
  withExtendedLifetime(tensors) {}
  return sums.firstIndex { !$0.isFinite }
}

extension OpenCLDevice {
  /// Numbers that `put` leaves on the device, read together.
  fileprivate func figures<Scalar: TensorScalar>(
    count: Int, of type: Scalar.Type, put: (_ index: Int, _ target: UnsafeMutablePointer<Scalar>) -> Void
  ) -> [Double] {
    let result = Tensor<Scalar>(uninitialized: [count], pool: pool)
    for index in 0..<count { put(index, result.storage.base + index) }
    return result.forHost().scalars.map(\.double)
  }

  fileprivate func sum<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>, squares: Bool, to target: UnsafeMutablePointer<Scalar>
  ) {
    sumRows(tensor.storage.base + tensor.offset, rows: 1, columns: tensor.count, squares: squares, to: target)
  }
}
