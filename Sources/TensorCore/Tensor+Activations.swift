/// Activation functions of every element, whose formulas stand at `ActivationFunction`.
extension Tensor {
  public func binaryStep() -> Tensor { ActivationFunction.binaryStep(self) }
  public func sigmoid() -> Tensor { ActivationFunction.sigmoid(self) }
  public func tanh() -> Tensor { ActivationFunction.tanh(self) }
  public func relu() -> Tensor { ActivationFunction.relu(self) }
  public func leakyReLU(slope: Double = 0.01) -> Tensor { ActivationFunction.leakyReLU(slope: slope)(self) }
  public func elu(alpha: Double = 1) -> Tensor { ActivationFunction.elu(alpha: alpha)(self) }
  public func gelu() -> Tensor { ActivationFunction.gelu(self) }
  public func silu() -> Tensor { ActivationFunction.silu(self) }
  public func softplus() -> Tensor { ActivationFunction.softplus(self) }
  public func hardSigmoid() -> Tensor { ActivationFunction.hardSigmoid(self) }
}
