import CSequenceKernels

extension Tensor {
  /// The sum of all elements, of shape []. Added up in double precision, in an order that depends on the count alone.
  public func sum() -> Tensor { summed(over: 0..<rank).reshaped([]) }

  /// The sums along an axis; a negative axis counts from the last.
  ///
  /// - Parameter keepingAxis: whether the result has an axis of size 1 in its place.
  public func sum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let axis = shape.resolve(axis)
    return summed(over: axis..<(axis + 1)).reshaped(shape.removing(axis, keeping: keepingAxis))
  }

  /// The mean of all elements, of shape []; NaN if there are none.
  public func mean() -> Tensor {
    storage.place == .host ? Tensor(Scalar(total / Double(count))) : sum() / Scalar(count)
  }

  /// The means along an axis; NaN where the axis is empty.
  public func mean(axis: Int, keepingAxis: Bool = false) -> Tensor {
    sum(axis: axis, keepingAxis: keepingAxis) / Scalar(shape[axis])
  }

  /// The sum of the squares of all elements, added up in double precision.
  public func sumOfSquares() -> Double {
    WorkProfile.account(for: .optimizer) {
      withMemory {
        if let from = $0.baseAddress, let device = OpenCLDevice.at(from) {
          return device.sum(from, count: count, of: .squares)
        }
        return Scalar.kernels.table.pointee.sum_of_squares(Int64($0.count), $0.baseAddress)
      }
    }
  }

  /// The largest element, of shape []; NaN if there is one.
  ///
  /// - Precondition: there is an element.
  public func max() -> Tensor { reshaped([count]).max(axis: 0) }

  /// The smallest element, of shape []; NaN if there is one.
  ///
  /// - Precondition: there is an element.
  public func min() -> Tensor { -(-self).max() }

  /// The largest elements along an axis; NaN where there is one.
  ///
  /// - Precondition: the axis is not empty.
  public func max(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let rows = rowsAlong(axis, "max")
    var result = Tensor(
      uninitialized: TensorShape(shape.removing(shape.resolve(axis), keeping: keepingAxis)), pool: storage.pool)
    if let device = storage.device {
      device.maximizeRows(
        rows.storage.base + rows.offset, rows: rows.shape.rowCount, columns: rows.shape[-1],
        to: result.storage.base)
      withExtendedLifetime((rows, result)) {}
      return result
    }
    let kernel = Scalar.kernels.table.pointee.maximum!
    result.withMutableScalars { target in
      rows.forEachRow { index, row in target[index] = Scalar(kernel(Int64(row.count), row.baseAddress)) }
    }
    return result
  }

  /// The smallest elements along an axis; NaN where there is one.
  ///
  /// - Precondition: the axis is not empty.
  public func min(axis: Int, keepingAxis: Bool = false) -> Tensor {
    -(-self).max(axis: axis, keepingAxis: keepingAxis)
  }

  /// Where the largest element along an axis is, for all places of the other axes in row-major order.
  ///
  /// Among equal elements the first one counts; NaN counts as the largest.
  ///
  /// - Precondition: the axis is not empty.
  public func argmax(axis: Int = -1) -> [Int32] {
    let rows = rowsAlong(axis, "argmax").forHost()
    var result: [Int32] = []
    result.reserveCapacity(rows.shape.rowCount)
    rows.forEachRow { _, row in result.append(Int32(indexOfLargest(row))) }
    return result
  }

  /// eˣ over the sum of eˣ along the last axis.
  public func softmax() -> Tensor { alongRows("softmax", isLogarithm: false, Scalar.kernels.table.pointee.softmax) }

  /// The logarithm of `softmax()`, computed without overflow or cancellation.
  public func logSoftmax() -> Tensor {
    alongRows("logSoftmax", isLogarithm: true, Scalar.kernels.table.pointee.log_softmax)
  }

  /// Whether no element is infinite or NaN.
  public var allFinite: Bool { firstNonFinite == nil }

  /// The position, in row-major order, of the first element that is infinite or NaN.
  public var firstNonFinite: Int? {
    // Such an element makes the sum so too; only then is it worth looking for.
    if total.isFinite { return nil }
    guard let onHost = try? on(.cpu) else { return 0 }
    return onHost.withScalars { $0.firstIndex { !$0.isFinite } }
  }

  private var total: Double {
    withMemory {
      if let from = $0.baseAddress, let device = OpenCLDevice.at(from) {
        return device.sum(from, count: count, of: .elements)
      }
      return Scalar.kernels.table.pointee.sum(Int64($0.count), $0.baseAddress)
    }
  }

  /// The sums over neighbouring axes, which become axes of size 1.
  func summed(over axes: Range<Int>) -> Tensor {
    let sizes = shape.dimensions
    let (outer, inner) = (sizes[..<axes.lowerBound].reduce(1, *), sizes[axes.upperBound...].reduce(1, *))
    let size = sizes[axes].reduce(1, *)
    let kernels = Scalar.kernels.table.pointee
    var result = Tensor.zeros(
      TensorShape(sizes[..<axes.lowerBound] + axes.map { _ in 1 } + sizes[axes.upperBound...]), pool: storage.pool)
    result.withMutableMemory { target in
      withMemory { source in
        guard !source.isEmpty, let source = source.baseAddress else { return }
        if let device = OpenCLDevice.at(source) {
          return device.sums(
            source, blocks: outer, rows: size, columns: inner, stride: inner, addedTo: target.baseAddress!)
        }
        for i in 0..<outer {
          let block = source + i * size * inner
          if inner == 1 {
            target[i] = Scalar(kernels.sum(Int64(size), block))
          } else {
            kernels.add_column_sums(
              Int64(size), Int64(inner), block, Int64(inner), target.baseAddress! + i * inner)
          }
        }
      }
    }
    return result
  }

  /// The tensor with an axis made the last one.
  private func rowsAlong(_ axis: Int, _ operation: String) -> Tensor {
    let axis = shape.resolve(axis)
    require(shape[axis] > 0, "\(operation): axis \(axis) of a tensor of shape \(shape) is empty")
    if axis == rank - 1 { return self }
    return permuted(shape.dimensions.indices.filter { $0 != axis } + [axis])
  }

  private func forEachRow(_ body: (_ index: Int, _ row: UnsafeBufferPointer<Scalar>) -> Void) {
    let size = shape[-1]
    withScalars { scalars in
      for index in 0..<shape.rowCount {
        body(index, UnsafeBufferPointer(rebasing: scalars[index * size..<(index + 1) * size]))
      }
    }
  }

  private func alongRows(
    _ operation: String, isLogarithm: Bool,
    _ kernel: (Int64, Int64, UnsafeRawPointer?, UnsafeMutableRawPointer?) -> Void
  ) -> Tensor {
    require(rank > 0, "\(operation): a tensor of shape \(shape) has no axis")
    var result = Tensor(uninitialized: shape, pool: storage.pool)
    if count == 0 { return result }
    result.withMutableMemory { target in
      withMemory {
        if let device = OpenCLDevice.at(target.baseAddress!) {
          return device.softmax(
            $0.baseAddress!, isLogarithm: isLogarithm, rows: shape.rowCount, columns: shape[-1], to: target.baseAddress!
          )
        }
        kernel(Int64(shape.rowCount), Int64(shape[-1]), $0.baseAddress, target.baseAddress)
      }
    }
    return result
  }
}

extension TensorShape {
  fileprivate func removing(_ axis: Int, keeping: Bool) -> [Int] {
    dimensions[..<axis] + (keeping ? [1] : []) + dimensions[(axis + 1)...]
  }
}

/// Specialized, because comparisons through a witness table are slow where there are many.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
private func indexOfLargest<Scalar: TensorScalar>(_ row: UnsafeBufferPointer<Scalar>) -> Int {
  var best = 0
  for index in row.indices where !(row[index] <= row[best]) {
    if row[best].isNaN { break }
    best = index
  }
  return best
}
