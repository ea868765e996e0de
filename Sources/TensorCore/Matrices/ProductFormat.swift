import CSequenceKernels

/// How the right-hand side of matrix products, as a rule the weights, is held, and what the product then computes with.
public enum ProductFormat: String, Sendable, CaseIterable {
  /// The scalars themselves.
  case full
  /// Both sides rounded to bfloat16, added up in single precision: for training.
  case bfloat16
  /// The right-hand side rounded to bfloat16, the arithmetic in single precision: half the bytes to read.
  case bfloat16Weights
  /// The right-hand side in 8-bit integers with a scale for each column, the left-hand side with one for each row: a quarter
  /// of the bytes.
  case int8Weights

  private var identifier: SKFormat {
    switch self {
    case .full: SKFormatFull
    case .bfloat16: SKFormatBFloat16
    case .bfloat16Weights: SKFormatBFloat16Weights
    case .int8Weights: SKFormatInt8Weights
    }
  }

  /// Whether products of this type can be computed so on this machine; `full` always can.
  public func isSupported<Scalar: TensorScalar>(for type: Scalar.Type) -> Bool {
    sk_format(Scalar.kernels.table, identifier) != nil
  }

  /// The kernels; traps where they are not supported.
  func kernels<Scalar: TensorScalar>(for type: Scalar.Type) -> SKProductFormat {
    guard let format = sk_format(Scalar.kernels.table, identifier) else {
      programmingError("products of \(Scalar.self) cannot be computed as \(rawValue) under \(InstructionSet.current)")
    }
    return format.pointee
  }
}
