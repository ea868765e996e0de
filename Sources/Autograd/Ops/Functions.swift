import TensorCore

/// Functions applied to each element.
extension Variable {
  public func exp() -> Variable {
    let y = value.exp()
    return Variable.operation(y, of: [self]) { [$0 * y] }
  }

  /// The natural logarithm.
  public func log() -> Variable {
    let x = value
    return Variable.operation(x.log(), of: [self]) { [$0 / x] }
  }

  public func squared() -> Variable {
    let x = value
    return Variable.operation(x.squared(), of: [self]) { [$0 * x * 2] }
  }

  public func squareRoot() -> Variable {
    let y = value.squareRoot()
    return Variable.operation(y, of: [self]) { [$0 / (y * 2)] }
  }

  /// 1 / x.
  public func reciprocal() -> Variable {
    let y = value.reciprocal()
    return Variable.operation(y, of: [self]) { [-($0 * y.squared())] }
  }

  /// |x|, with derivative 0 at 0.
  public func absolute() -> Variable {
    let x = value
    return Variable.operation(x.absolute(), of: [self]) { [$0 * x.sign()] }
  }

  /// The larger of two elements, with broadcasting; where they are equal each gets half of the gradient.
  public static func maximum(_ a: Variable, _ b: Variable) -> Variable { choice(Tensor.maximum, a, b, sign: 1) }

  /// The smaller of two elements, with broadcasting; where they are equal each gets half of the gradient.
  public static func minimum(_ a: Variable, _ b: Variable) -> Variable { choice(Tensor.minimum, a, b, sign: -1) }

  /// The one of two elements whose difference from the other has the given sign.
  private static func choice(
    _ choose: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>, _ a: Variable, _ b: Variable, sign: Scalar
  ) -> Variable {
    let (x, y) = (a.value, b.value)
    return operation(choose(x, y), of: [a, b]) {
      let half = $0 * 0.5
      let difference = half * (x - y).sign() * sign
      return [(half + difference).sum(to: x.shape), (half - difference).sum(to: y.shape)]
    }
  }
}
