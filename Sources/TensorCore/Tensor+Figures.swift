/// Numbers of several tensors, which the host reads at once: on a device one copy, however many there are.
package struct Figures<Scalar: TensorScalar>: Sendable {
  /// Numbers that are on the host.
  private var onHost: [Double] = []
  /// Numbers that a device will have computed.
  private var onDevice: Tensor<Scalar>?

  /// - Parameters:
  ///   - scalars: tensors of a single number.
  ///   - squares: tensors whose sums of squares are wanted; the threads of a team share them.
  package init(of scalars: [Tensor<Scalar>], sumsOfSquares squares: [Tensor<Scalar>], team: ThreadTeam?) {
    guard let device = (scalars.first ?? squares.first)?.storage.device else {
      onHost = scalars.map(\.scalar.double) + TensorCore.sumsOfSquares(of: squares, team: team)
      return
    }
    onDevice = device.figures(count: scalars.count + squares.count, of: Scalar.self) { index, target in
      if index < scalars.count {
        let source = scalars[index]
        device.copy(rows: 1, columns: 1, from: source.storage.base + source.offset, stride: 1, to: target, stride: 1)
      } else {
        device.sum(squares[index - scalars.count], squares: true, to: target)
      }
    }
    withExtendedLifetime((scalars, squares)) {}
  }

  /// Numbers that the host has already.
  package init(_ numbers: [Double]) { onHost = numbers }

  /// The numbers of several, each in the order of its tensors; NaN where a device has failed.
  package static func read(_ all: [Figures]) -> [[Double]] {
    guard let first = all.first?.onDevice else { return all.map(\.onHost) }
    let numbers = (all.count == 1 ? first : Tensor.stack(all.map { $0.onDevice! })).forHost().scalars.map(\.double)
    return all.indices.map { Array(numbers[$0 * first.count..<($0 + 1) * first.count]) }
  }

  /// Factor that brings tensors, the sums of whose squares are the numbers from `first` on, to a norm of at most `limit`, as
  /// `GradientClipping` says; nil where the numbers are on the host.
  package func factor(ofNormsFrom first: Int, limit: Double) -> Tensor<Scalar>? {
    guard let onDevice, let device = onDevice.storage.device else { return nil }
    let result = Tensor<Scalar>(uninitialized: [1], pool: device.pool)
    device.map(
      .optimizers, "clipping_factor", of: Scalar.self, count: 1,
      [
        .int(first), .int(onDevice.count), .real(limit), .memory(onDevice.storage.base + onDevice.offset),
        .memory(result.storage.base),
      ])
    withExtendedLifetime(onDevice) {}
    return result
  }
}

/// The sum of the squares of each tensor; the threads of a team share the tensors.
package func sumsOfSquares<Scalar>(of tensors: [Tensor<Scalar>], team: ThreadTeam?) -> [Double] {
  if tensors.first?.storage.device != nil {
    return Figures.read([Figures(of: [], sumsOfSquares: tensors, team: nil)])[0]
  }
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
  return sums.forHost().scalars.firstIndex { !$0.isFinite }
}

extension OpenCLDevice {
  /// Numbers that `put` leaves on the device, side by side.
  fileprivate func figures<Scalar: TensorScalar>(
    count: Int, of type: Scalar.Type, put: (_ index: Int, _ target: UnsafeMutablePointer<Scalar>) -> Void
  ) -> Tensor<Scalar> {
    let result = Tensor<Scalar>(uninitialized: [count], pool: pool)
    for index in 0..<count { put(index, result.storage.base + index) }
    return result
  }

  fileprivate func sum<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>, squares: Bool, to target: UnsafeMutablePointer<Scalar>
  ) {
    sumRows(tensor.storage.base + tensor.offset, rows: 1, columns: tensor.count, squares: squares, to: target)
  }
}
