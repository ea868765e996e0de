extension Tensor {
  /// Numbers drawn evenly from a half-open range, in row-major order.
  ///
  /// - Precondition: the range is not empty.
  public static func uniform(
    _ shape: TensorShape, in range: Range<Scalar> = 0..<1, using random: inout RandomSource
  ) -> Tensor {
    require(!range.isEmpty, "uniform: the range \(range) is empty")
    let (lowest, width) = (Double(range.lowerBound), Double(range.upperBound) - Double(range.lowerBound))
    // Rounding to Scalar may give the upper bound itself, which is not in the range.
    return drawn(shape) { Swift.min(Scalar(lowest + width * random.uniform()), range.upperBound.nextDown) }
  }

  /// Numbers drawn from the normal distribution, in row-major order.
  public static func normal(
    _ shape: TensorShape, mean: Scalar = 0, standardDeviation: Scalar = 1, using random: inout RandomSource
  ) -> Tensor {
    let (center, deviation) = (Double(mean), Double(standardDeviation))
    return drawn(shape) { Scalar(center + deviation * random.normal()) }
  }

  private static func drawn(_ shape: TensorShape, _ draw: () -> Scalar) -> Tensor {
    var result = Tensor(uninitialized: shape)
    result.withMutableScalars { scalars in for i in scalars.indices { scalars[i] = draw() } }
    return result
  }
}
