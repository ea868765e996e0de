import TensorCore

extension Tensor {
  /// The bipolar form of bits: 1 for true and −1 for false, of shape [bits].
  public static func bipolar(_ bits: [Bool]) -> Tensor { Tensor(bits.map { $0 ? 1 : -1 }, shape: [bits.count]) }

  /// The overlap (1/N) Σ aᵢ bᵢ of two bipolar tensors of N elements: 1 where they are equal, −1 where they are
  /// opposite, and 1 − 2d where a share d of the elements differs.
  ///
  /// - Precondition: the shapes are equal.
  public func overlap(with other: Tensor) -> Double {
    if shape != other.shape { shapeFailure("overlap", shape, other.shape) }
    return (self * other).sum().scalar.double / Double(count)
  }

  /// Traps at the first element of a vector or matrix that is neither 1 nor −1.
  func requireBipolar(_ operation: String, _ name: String) {
    let scalars = scalars
    guard let position = scalars.firstIndex(where: { $0 != 1 && $0 != -1 }) else { return }
    let index = rank == 1 ? [position] : [position / shape[-1], position % shape[-1]]
    programmingError("\(operation): \(name)\(index) is \(scalars[position]), neither 1 nor -1")
  }
}
