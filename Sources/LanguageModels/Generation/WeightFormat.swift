import TensorCore

/// How a model's weights are held while it samples or is evaluated. Fewer bytes are read faster and predict a little worse.
public enum WeightFormat: String, Sendable, CaseIterable {
  case float32, bfloat16, int8

  /// The products that use them.
  public var products: ProductFormat {
    switch self {
    case .float32: .full
    case .bfloat16: .bfloat16Weights
    case .int8: .int8Weights
    }
  }
}
