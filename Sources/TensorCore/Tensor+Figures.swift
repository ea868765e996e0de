/// Numbers of several tensors, which the host reads at once: on a device one copy, however many there are.
package struct Figures<Scalar: TensorScalar>: Sendable {
  /// Numbers that are on the host.
  private var onHost: [Double] = []
  /// Numbers that a device will have computed: norms in the place of the sums of squares, which may be beyond what a number can hold.
  private var onDevice: Tensor<Scalar>?
  private var scalarCount = 0

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
        device.sum(squares[index - scalars.count], of: .norm, to: target)
      }
    }
    scalarCount = scalars.count
    withExtendedLifetime((scalars, squares)) {}
  }

  /// Numbers that the host has already.
  package init(_ numbers: [Double]) { onHost = numbers }

  /// The numbers of several, each in the order of its tensors; NaN where a device has failed.
  package static func read(_ all: [Figures]) -> [[Double]] {
    let there = all.compactMap(\.onDevice)
    // Each may have numbers of its own, as not every step has a gradient for all parameters.
    var numbers = (there.count > 1 ? Tensor.concatenate(there) : there.first)?.forHost().scalars[...] ?? []
    return all.map { figures in
      guard let count = figures.onDevice?.count else { return figures.onHost }
      defer { numbers = numbers.dropFirst(count) }
      return numbers.prefix(count).enumerated().map { index, number in
        index < figures.scalarCount ? number.double : number.double * number.double
      }
    }
  }

  /// Factor that brings the tensors whose squares were summed to a norm of at most `limit` together, as PyTorch's
  /// `clip_grad_norm_` does; nil where the numbers are on the host.
  package func clippingFactor(limit: Double) -> Tensor<Scalar>? {
    guard let onDevice, let device = onDevice.storage.device else { return nil }
    let result = Tensor<Scalar>(uninitialized: [1], pool: device.pool)
    device.map(
      .optimizers, "clipping_factor", of: Scalar.self, count: 1,
      [
        .int(scalarCount), .int(onDevice.count), .real(limit), .memory(onDevice.storage.base + onDevice.offset),
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
  // Such an element makes the sum so too; only then is it worth looking for.
  let sums = device.figures(count: tensors.count, of: Scalar.self) { device.sum(tensors[$0], of: .elements, to: $1) }
  withExtendedLifetime(tensors) {}
  return zip(tensors.indices, sums.forHost().scalars).first { !$1.isFinite && !tensors[$0].allFinite }?.0
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
    _ tensor: Tensor<Scalar>, of kind: RowSum, to target: UnsafeMutablePointer<Scalar>
  ) {
    sumRows(tensor.storage.base + tensor.offset, rows: 1, columns: tensor.count, of: kind, to: target)
  }
}
