import TensorCore

extension Variable {
  /// The sum of all elements, of the empty shape.
  public func sum() -> Variable {
    let shape = shape
    return Variable.operation(value.sum(), of: [self]) { [$0.broadcast(to: shape)] }
  }

  /// The mean of all elements, of the empty shape.
  public func mean() -> Variable { sum() / Scalar(Swift.max(value.count, 1)) }

  /// The sums along one axis, which disappears or, if kept, becomes 1.
  public func sum(axis: Int, keepingAxis: Bool = false) -> Variable {
    let shape = shape
    var kept = shape.dimensions
    kept[shape.resolve(axis)] = 1
    return Variable.operation(value.sum(axis: axis, keepingAxis: keepingAxis), of: [self]) { [kept] in
      [$0.reshaped(kept).broadcast(to: shape)]
    }
  }

  /// The means along one axis.
  public func mean(axis: Int, keepingAxis: Bool = false) -> Variable {
    sum(axis: axis, keepingAxis: keepingAxis) / Scalar(Swift.max(shape[axis], 1))
  }

  /// The largest elements along one axis, which disappears or, if kept, becomes 1; equal ones share the gradient evenly.
  public func max(axis: Int, keepingAxis: Bool = false) -> Variable {
    let x = value
    let largest = x.max(axis: axis, keepingAxis: true)
    var kept = largest.shape.dimensions
    if !keepingAxis { kept.remove(at: shape.resolve(axis)) }
    return Variable.operation(largest.reshaped(kept), of: [self]) {
      // A difference is never positive, and 0 where an element is one of the largest.
      let mask = (x - largest).binaryStep()
      return [mask * ($0.reshaped(largest.shape.dimensions) / mask.sum(axis: axis, keepingAxis: true))]
    }
  }

  /// eˣ / Σ eˣ along the last axis.
  public func softmax() -> Variable {
    let y = value.softmax()
    return Variable.operation(y, of: [self]) {
      let product = $0 * y
      return [product - y * product.sum(axis: -1, keepingAxis: true)]
    }
  }

  /// x − log Σ eˣ along the last axis.
  public func logSoftmax() -> Variable {
    let y = value.logSoftmax()
    return Variable.operation(y, of: [self]) { [$0 - y.exp() * $0.sum(axis: -1, keepingAxis: true)] }
  }
}
