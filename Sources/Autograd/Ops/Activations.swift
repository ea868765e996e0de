import TensorCore

extension ActivationFunction {
  /// The function's values, recorded where the variable is.
  public func callAsFunction<Scalar>(_ x: Variable<Scalar>) -> Variable<Scalar> {
    switch self {
    case .linear: return x
    case .softmax: return x.softmax()
    case .logSoftmax: return x.logSoftmax()
    default:
      let y = self(x.value)
      let kept = keepsOutput ? y : x.value
      return Variable.operation(y, of: [x]) { [gradient(kept: kept, upstream: $0)] }
    }
  }
}

/// Activation functions of every element, whose formulas and derivatives stand at `ActivationFunction`.
extension Variable {
  public func binaryStep() -> Variable { ActivationFunction.binaryStep(self) }
  public func sigmoid() -> Variable { ActivationFunction.sigmoid(self) }
  public func tanh() -> Variable { ActivationFunction.tanh(self) }
  public func relu() -> Variable { ActivationFunction.relu(self) }
  public func leakyReLU(slope: Double = 0.01) -> Variable { ActivationFunction.leakyReLU(slope: slope)(self) }
  public func elu(alpha: Double = 1) -> Variable { ActivationFunction.elu(alpha: alpha)(self) }
  public func gelu() -> Variable { ActivationFunction.gelu(self) }
  public func silu() -> Variable { ActivationFunction.silu(self) }
  public func softplus() -> Variable { ActivationFunction.softplus(self) }
  public func hardSigmoid() -> Variable { ActivationFunction.hardSigmoid(self) }
}
