import TensorCore

/// Standardization of each feature to mean 0 and standard deviation 1: (x − mean) / deviation.
///
/// Fit it to the training part alone, and apply it to every part.
public struct Standardizer<Scalar: TensorScalar>: Sendable {
  /// The mean of each feature, in the shape of one sample.
  public let mean: Tensor<Scalar>
  /// The standard deviation of each feature, √(Σ(x − mean)² / n), in the shape of one sample. It is 1 for a feature that is
  /// the same in all samples, so that such a feature is only centred.
  public let deviation: Tensor<Scalar>

  /// Measures mean and deviation of samples, [samples, …], in double precision, in two passes.
  ///
  /// - Throws: `DataError` when there are no samples or a number is infinite or NaN.
  public init(fitting samples: Tensor<Scalar>) throws(DataError) {
    require(samples.rank > 0, "Standardizer: samples of shape \(samples.shape) have no axis of samples")
    if samples.shape[0] == 0 { throw .noSamples }
    try requireFinite(samples, .inputs)
    let shape = TensorShape(Array(samples.shape.dimensions.dropFirst()))
    let (means, deviations) = samples.columnMoments()
    mean = Tensor(means.map { Scalar($0) }, shape: shape)
    // A deviation that the scalar type rounds to 0 is treated as 0.
    deviation = Tensor(deviations.map { Scalar($0) == 0 ? 1 : Scalar($0) }, shape: shape)
  }

  /// A standardizer with a given mean and deviation, for instance ones that were saved.
  ///
  /// - Precondition: the shapes are equal, all numbers are finite, and all deviations positive.
  public init(mean: Tensor<Scalar>, deviation: Tensor<Scalar>) {
    if mean.shape != deviation.shape { shapeFailure("Standardizer", mean.shape, deviation.shape) }
    require(
      mean.allFinite && deviation.allFinite && deviation.scalars.allSatisfy { $0 > 0 },
      "Standardizer: means must be finite, and deviations finite and above 0")
    self.mean = mean
    self.deviation = deviation
  }

  /// Standardized samples, [samples, …].
  public func callAsFunction(_ samples: Tensor<Scalar>) -> Tensor<Scalar> {
    check(samples, "Standardizer")
    return (samples - mean) / deviation
  }

  /// The inverse of standardization, up to rounding.
  public func inverse(_ standardized: Tensor<Scalar>) -> Tensor<Scalar> {
    check(standardized, "Standardizer.inverse")
    return standardized * deviation + mean
  }

  private func check(_ samples: Tensor<Scalar>, _ operation: String) {
    if samples.rank == 0 || Array(samples.shape.dimensions.dropFirst()) != mean.shape.dimensions {
      shapeFailure(operation, samples.shape, mean.shape, hint: "the first must be [samples] and the second")
    }
  }
}
