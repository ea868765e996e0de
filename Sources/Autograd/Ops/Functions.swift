import CSequenceKernels
import TensorCore

/// Functions applied to each element.
extension Variable {
  public func tanh() -> Variable {
    let y = value.tanh()
    return Variable.operation(y, of: [self]) {
      [Tensor.activationGradient(SKActivationTanh, output: y, upstream: $0)]
    }
  }

  /// 1 / (1 + e⁻ˣ).
  public func sigmoid() -> Variable {
    let y = value.sigmoid()
    return Variable.operation(y, of: [self]) {
      [Tensor.activationGradient(SKActivationSigmoid, output: y, upstream: $0)]
    }
  }

  /// max(x, 0), with derivative 0 at 0.
  public func relu() -> Variable {
    let y = value.relu()
    return Variable.operation(y, of: [self]) {
      [Tensor.activationGradient(SKActivationReLU, output: y, upstream: $0)]
    }
  }

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
}
