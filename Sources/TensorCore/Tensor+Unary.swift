import CSequenceKernels

extension Tensor {
  /// eˣ of every element.
  public func exp() -> Tensor { unary(SKUnaryExp) }

  /// The natural logarithm of every element: −∞ at 0, NaN below.
  public func log() -> Tensor { unary(SKUnaryLog) }

  public func tanh() -> Tensor { unary(SKUnaryTanh) }

  /// The logistic function 1 / (1 + e⁻ˣ) of every element.
  public func sigmoid() -> Tensor { unary(SKUnarySigmoid) }

  /// The larger of 0 and x, for every element.
  public func relu() -> Tensor { unary(SKUnaryReLU) }

  public func squared() -> Tensor { unary(SKUnarySquare) }

  public func squareRoot() -> Tensor { unary(SKUnarySquareRoot) }

  /// 1 / x of every element.
  public func reciprocal() -> Tensor { unary(SKUnaryReciprocal) }

  /// The absolute value of every element.
  public func absolute() -> Tensor { unary(SKUnaryAbsolute) }

  public static prefix func - (a: Tensor) -> Tensor { a.unary(SKUnaryNegate) }

  /// The results of `transform` on every element.
  public func map(_ transform: (Scalar) throws -> Scalar) rethrows -> Tensor {
    var result = Tensor(uninitialized: shape, pool: storage.pool)
    try result.withMutableScalars { target in
      try withScalars { source in for i in source.indices { target[i] = try transform(source[i]) } }
    }
    return result
  }

  /// upstream · f′, where f′ is computed from the output of f that was kept by the forward pass.
  package static func activationGradient(_ f: SKActivation, output: Tensor, upstream: Tensor) -> Tensor {
    if output.shape != upstream.shape { shapeFailure("activationGradient", output.shape, upstream.shape) }
    var result = Tensor(uninitialized: output.shape, pool: output.storage.pool)
    result.withMutableScalars { target in
      output.withScalars { y in
        upstream.withScalars { g in
          Scalar.kernels.table.pointee.activation_gradient(
            f, Int64(y.count), y.baseAddress, g.baseAddress, target.baseAddress)
        }
      }
    }
    return result
  }

  private func unary(_ operation: SKUnary) -> Tensor {
    var result = Tensor(uninitialized: shape, pool: storage.pool)
    result.withMutableScalars { target in
      withScalars {
        Scalar.kernels.table.pointee.unary(operation, Int64($0.count), $0.baseAddress, target.baseAddress)
      }
    }
    return result
  }
}
