public enum ActivationFunction: Sendable, Equatable, Codable {
  case linear, sigmoid, tanh, relu

  public func callAsFunction<Scalar>(_ x: Variable<Scalar>) -> Variable<Scalar> {
    switch self {
    case .linear: x
    case .sigmoid: x.sigmoid()
    case .tanh: x.tanh()
    case .relu: x.relu()
    }
  }
}
