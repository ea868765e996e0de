import CSequenceKernels

extension Tensor {
  /// eˣ of every element.
  public func exp() -> Tensor { unary(SKUnaryExp) }

  /// The natural logarithm of every element: −∞ at 0, NaN below.
  public func log() -> Tensor { unary(SKUnaryLog) }

  /// log(1 + x) of every element, exact also where 1 + x would round: −∞ at −1, NaN below.
  public func log1p() -> Tensor { unary(SKUnaryLog1p) }

  public func squared() -> Tensor { unary(SKUnarySquare) }

  public func squareRoot() -> Tensor { unary(SKUnarySquareRoot) }

  /// 1 / x of every element.
  public func reciprocal() -> Tensor { unary(SKUnaryReciprocal) }

  /// The absolute value of every element.
  public func absolute() -> Tensor { unary(SKUnaryAbsolute) }

  /// 1, 0 or −1 for every element, as it is positive, zero or negative.
  public func sign() -> Tensor { unary(SKUnarySign) }

  public static prefix func - (a: Tensor) -> Tensor { a.unary(SKUnaryNegate) }

  /// The results of `transform` on every element.
  public func map(_ transform: (Scalar) throws -> Scalar) rethrows -> Tensor {
    var result = Tensor(uninitialized: shape, pool: storage.pool)
    try result.withMutableScalars { target in
      try withScalars { source in for i in source.indices { target[i] = try transform(source[i]) } }
    }
    return result
  }

  private func unary(_ operation: SKUnary) -> Tensor {
    var result = Tensor(uninitialized: shape, pool: storage.pool)
    result.withMutableMemory { target in
      withMemory {
        guard let from = $0.baseAddress, let to = target.baseAddress else { return }
        if let device = OpenCLDevice.at(to) { return device.apply(operation, from, to: to, count: count) }
        Scalar.kernels.table.pointee.unary(operation, Int64($0.count), $0.baseAddress, target.baseAddress)
      }
    }
    return result
  }
}
