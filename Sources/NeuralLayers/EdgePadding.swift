import TensorCore

/// Positions that windows of a convolution read beyond the edges of their input.
public enum EdgePadding: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// None: windows lie within the input.
  case valid
  /// As many zeros as give ⌈size / stride⌉ outputs, an odd one after the end (as in Keras, and PyTorch at a stride of 1).
  case same
  /// So many zeros on either side.
  case zeros(Int)
  /// So many positions on either side that mirror the input at its edge, which itself is not repeated; fewer than the input has.
  case reflect(Int)

  /// So many zeros on either side.
  public init(integerLiteral count: Int) { self = .zeros(count) }

  public var description: String {
    switch self {
    case .valid: "no padding"
    case .same: "padding to the same size"
    case .zeros(let count): "\(count) of padding on either side"
    case .reflect(let count): "\(count) of reflected padding on either side"
    }
  }

  /// Positions before the first and after the last.
  func amount(size: Int, window: Int, stride: Int) -> (before: Int, after: Int) {
    switch self {
    case .valid: return (0, 0)
    case .zeros(let count), .reflect(let count):
      require((0...Int(Int32.max)).contains(count), "a convolution cannot have \(self)")
      return (count, count)
    case .same:
      let total = max((max(size, 1) - 1) / stride * stride + window - size, 0)
      return (total / 2, total - total / 2)
    }
  }
}
