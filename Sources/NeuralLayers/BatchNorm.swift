import Autograd
import TensorCore

/// Batch normalization (Ioffe and Szegedy, 2015): each feature is brought to mean 0 and variance 1 over the batch, then scaled
/// and shifted,
///
///     y = (x − mean) / √(variance + ε) · weight + bias
///
/// over all axes but the last, [..., features]; of sequences, over the steps that are no padding. Training uses the moments of
/// the batch and updates running means of them; inference uses the running means. As in PyTorch, the running variance is the unbiased one (divided by n − 1). A batch of
/// a single row has no spread: it comes out as the bias, and leaves the running moments alone.
public struct BatchNorm<Scalar: TensorScalar>: Layer {
  /// [features], 1 at first.
  public var weight: Parameter<Scalar>
  /// [features], 0 at first.
  public var bias: Parameter<Scalar>
  /// [features], 0 at first; kept by the layer, not trained.
  public var runningMean: Parameter<Scalar>
  /// [features], 1 at first; kept by the layer, not trained.
  public var runningVariance: Parameter<Scalar>
  /// How much of a new batch's moments goes into the running ones.
  public let momentum: Double
  public let epsilon: Double

  public init(_ features: Int, momentum: Double = 0.1, epsilon: Double = 1e-5) {
    require(features > 0 && epsilon > 0, "BatchNorm: \(features) features and ε = \(epsilon); both must be positive")
    require((0...1).contains(momentum), "BatchNorm: the momentum \(momentum) is not in 0...1")
    weight = Parameter([features], .constant(1))
    bias = Parameter([features], .zeros)
    runningMean = Parameter([features], .zeros, role: .statistic)
    runningVariance = Parameter([features], .constant(1), role: .statistic)
    self.momentum = momentum
    self.epsilon = epsilon
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    let features = weight.shape[0]
    if input.shape.rank < 2 || input.shape[-1] != features {
      shapeFailure("BatchNorm", input.shape, weight.shape, hint: "the input must be [batch, ..., \(features)]")
    }
    let normalized =
      switch (context.mode, context.lengths) {
      case (.inference, _): normalizedByHistory(input)
      case (.training, nil): normalizedByBatch(input, in: &context)
      case (.training, let lengths?): input.mappingSteps(of: lengths) { normalizedByBatch($0, in: &context) }
      }
    return normalized * context.variable(weight) + context.variable(bias)
  }

  private func normalizedByBatch(
    _ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let features = weight.shape[0]
    let rows = input.value.count / features
    if rows == 0 { return input }
    let columns = input.reshaped([rows, features]).transposed()
    let (normalized, moments) = normalizedRowsAndMoments(columns, epsilon: epsilon, in: context)
    remember(moments, rows: rows, in: &context)
    return normalized.transposed().reshaped(input.shape.dimensions)
  }

  private func remember(_ moments: RowMoments<Scalar>, rows: Int, in context: inout ForwardContext<Scalar>) {
    func mixed(_ old: Parameter<Scalar>, _ new: Tensor<Scalar>) -> Tensor<Scalar> {
      context.latest(old) * Scalar(1 - momentum) + new.reshaped(old.shape.dimensions)
    }
    if rows < 2 { return }
    context.update(runningMean, to: mixed(runningMean, moments.means(times: momentum)))
    let unbiased = moments.variances(times: Double(rows) / Double(rows - 1), momentum)
    context.update(runningVariance, to: mixed(runningVariance, unbiased))
  }

  private func normalizedByHistory(_ input: Variable<Scalar>) -> Variable<Scalar> {
    let scale = (runningVariance.value + Scalar(epsilon)).squareRoot().reciprocal()
    return (input - Variable(runningMean.value)) * Variable(scale)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
    try visitor.visit(&runningMean, "running_mean")
    try visitor.visit(&runningVariance, "running_var")
  }
}
