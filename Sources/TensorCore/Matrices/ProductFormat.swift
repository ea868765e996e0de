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
  /// Both sides split into the sum of two bfloat16 numbers, and three products of these added up in single precision, within
  /// about 2⁻¹⁶ of the absolute products: for training. PyTorch calls it high precision of float32 products.
  ///
  /// AMX computes it faster than `full`. Every other instruction set computes the same bits some thirty times slower than
  /// `full`, so that a network can be trained on elsewhere: see `isEmulated`.
  case splitBFloat16

  private var identifier: SKFormat {
    switch self {
    case .full: SKFormatFull
    case .bfloat16: SKFormatBFloat16
    case .bfloat16Weights: SKFormatBFloat16Weights
    case .int8Weights: SKFormatInt8Weights
    case .splitBFloat16: SKFormatSplitBFloat16
    }
  }

  /// Whether products of this type can be computed so on this machine; `full` always can.
  public func isSupported<Scalar: TensorScalar>(for type: Scalar.Type) -> Bool {
    sk_format(Scalar.kernels.table, identifier) != nil
  }

  /// Whether the instruction set in use lacks what makes it fast, so that `full` is both faster and more exact.
  public var isEmulated: Bool { self == .splitBFloat16 && InstructionSet.current != .amx }

  /// The kernels; traps where they are not supported.
  func kernels<Scalar: TensorScalar>(for type: Scalar.Type) -> SKProductFormat {
    guard let format = sk_format(Scalar.kernels.table, identifier) else {
      programmingError("products of \(Scalar.self) cannot be computed as \(rawValue) under \(InstructionSet.current)")
    }
    return format.pointee
  }
}
