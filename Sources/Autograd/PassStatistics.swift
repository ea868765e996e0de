import TensorCore

/// New values of the statistics that layers keep (the running moments of batch normalization, say), as a training pass
/// computed them. A pass does not change its model; `Module.updateStatistics` stores them.
public struct PassStatistics<Scalar: TensorScalar>: Sendable {
  /// By slot.
  package private(set) var values: [Int: Tensor<Scalar>] = [:]

  package init() {}

  mutating func update(_ statistic: Parameter<Scalar>, to value: Tensor<Scalar>) {
    if value.shape != statistic.shape { shapeFailure("update of a statistic", statistic.shape, value.shape) }
    require(statistic.role == .statistic, "update: a parameter of shape \(statistic.shape) is no statistic")
    values[statistic.requiredSlot("in training")] = value
  }

  func latest(_ statistic: Parameter<Scalar>) -> Tensor<Scalar> {
    statistic.slot.flatMap { values[$0] } ?? statistic.value
  }
}
