import TensorCore

extension Variable {
  /// Elementwise sum, with NumPy's broadcasting.
  public static func + (a: Variable, b: Variable) -> Variable {
    let (aShape, bShape) = (a.shape, b.shape)
    return operation(a.value + b.value, of: [a, b]) { [$0.sum(to: aShape), $0.sum(to: bShape)] }
  }

  /// Elementwise difference, with broadcasting.
  public static func - (a: Variable, b: Variable) -> Variable {
    let (aShape, bShape) = (a.shape, b.shape)
    return operation(a.value - b.value, of: [a, b]) { [$0.sum(to: aShape), (-$0).sum(to: bShape)] }
  }

  /// Elementwise product, with broadcasting.
  public static func * (a: Variable, b: Variable) -> Variable {
    let (x, y) = (a.value, b.value)
    return operation(x * y, of: [a, b]) { [($0 * y).sum(to: x.shape), ($0 * x).sum(to: y.shape)] }
  }

  /// Elementwise quotient, with broadcasting.
  public static func / (a: Variable, b: Variable) -> Variable {
    let (x, y) = (a.value, b.value)
    let quotient = x / y
    return operation(quotient, of: [a, b]) {
      let upstream = $0 / y
      return [upstream.sum(to: x.shape), (-(upstream * quotient)).sum(to: y.shape)]
    }
  }

  public static func + (a: Variable, b: Scalar) -> Variable { operation(a.value + b, of: [a]) { [$0] } }
  public static func + (a: Scalar, b: Variable) -> Variable { b + a }
  public static func - (a: Variable, b: Scalar) -> Variable { a + -b }
  public static func - (a: Scalar, b: Variable) -> Variable { -b + a }
  public static func * (a: Variable, b: Scalar) -> Variable { operation(a.value * b, of: [a]) { [$0 * b] } }
  public static func * (a: Scalar, b: Variable) -> Variable { b * a }
  public static func / (a: Variable, b: Scalar) -> Variable { operation(a.value / b, of: [a]) { [$0 / b] } }
  public static func / (a: Scalar, b: Variable) -> Variable { Variable(b.value.number(a)) / b }
  public static prefix func - (a: Variable) -> Variable { operation(-a.value, of: [a]) { [-$0] } }

  /// The product of two matrices, [m, k] and [k, n].
  public func matmul(_ other: Variable) -> Variable {
    let (a, b) = (value, other.value)
    return Variable.operation(a.matmul(b), of: [self, other]) {
      [$0.matmul(b, transposingOther: true), a.matmul($0, transposing: true)]
    }
  }
}
