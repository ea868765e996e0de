import CSequenceKernels

/// Treatment of a gradient before an optimizer's rule: it is scaled, its elements are clamped to ±`limit`, and weight decay is
/// added. Then the weights are multiplied by 1 − `shrinkage`.
package struct GradientTreatment: Sendable {
  package var scale = 1.0
  package var limit = Double.infinity
  package var l2 = 0.0
  package var l1 = 0.0
  package var shrinkage = 0.0

  package init() {}

  fileprivate var ofKernels: SKGradientTreatment {
    SKGradientTreatment(scale: scale, limit: limit, l2: l2, l1: l1, shrinkage: shrinkage)
  }
}

/// A step of an optimizer, with the numbers that it takes; the kernels state the formulas. The moments of a weight are listed
/// in the order that the kernels take them in.
package enum OptimizerStep: Sendable {
  /// With or without a velocity.
  case sgd(rate: Double, momentum: Double, nesterov: Bool)
  case adaGrad(rate: Double, epsilon: Double)
  /// The square mean, the gradient mean if centered, a velocity if there is momentum.
  case rmsProp(rate: Double, smoothing: Double, epsilon: Double, momentum: Double, centered: Bool)
  case adaDelta(rate: Double, smoothing: Double, epsilon: Double)
  case adam(rate: Double, beta1: Double, beta2: Double, epsilon: Double, step: Int)
  case nAdam(
    momentRate: Double, gradientRate: Double, beta1: Double, beta2: Double, epsilon: Double, step: Int)
  case lion(rate: Double, beta1: Double, beta2: Double)
}

extension Tensor {
  /// Does one step of an optimizer on this tensor and the moments of its weights, in place.
  ///
  /// - Parameters:
  ///   - factor: on a device, a number there by which gradients are scaled too; nil for none.
  ///   - elements: the elements that are updated, in row-major order, whose gradient and moments are given; nil for all.
  package mutating func apply(
    _ step: OptimizerStep, gradient: Tensor, moments: inout [Tensor], treatment: GradientTreatment,
    factor: Tensor? = nil, elements: Range<Int>? = nil, team: ThreadTeam
  ) {
    let first = elements?.lowerBound ?? 0
    if let elements {
      require(elements.upperBound <= count, "optimizer step: elements \(elements) of a tensor of shape \(shape)")
      if gradient.count != elements.count { shapeFailure("optimizer step", [elements.count], gradient.shape) }
    } else if shape != gradient.shape {
      shapeFailure("optimizer step", shape, gradient.shape)
    }
    Tensor.requireSamePlace("optimizer step", self, gradient)
    let weights = SharedPointer(withMutableMemory { $0.baseAddress! } + first)
    let slopes = SharedPointer(gradient.storage.base + gradient.offset)
    let kept = moments.indices.map { SharedPointer(moments[$0].ownedBase(like: gradient)) }
    if let device = storage.device {
      device.update(
        step, treatment, factor: factor.map { $0.storage.base + $0.offset }, weights.pointer, gradient: slopes.pointer,
        moments: kept.map { $0.pointer }, count: gradient.count)
      withExtendedLifetime((self, gradient, moments, factor)) {}
      return
    }
    require(factor == nil, "optimizer step: a factor on a device")
    team.split(gradient.count, unit: Self.updateUnit) { part in
      let (n, w, g) = (Int64(part.count), weights.pointer + part.lowerBound, slopes.pointer + part.lowerBound)
      func moment(_ index: Int) -> UnsafeMutablePointer<Scalar> { kept[index].pointer + part.lowerBound }
      var first = treatment.ofKernels
      let kernels = Scalar.kernels.table
      WorkProfile.account(for: .optimizer) {
        switch step {
        case .sgd(let rate, let momentum, let nesterov):
          kernels.pointee.sgd(n, w, g, kept.isEmpty ? nil : moment(0), &first, rate, momentum, nesterov)
        case .adaGrad(let rate, let epsilon):
          kernels.pointee.adagrad(n, w, g, moment(0), &first, rate, epsilon)
        case .rmsProp(let rate, let smoothing, let epsilon, let momentum, let centered):
          kernels.pointee.rmsprop(
            n, w, g, moment(0), centered ? moment(1) : nil, momentum == 0 ? nil : moment(kept.count - 1), &first, rate,
            smoothing, epsilon, momentum)
        case .adaDelta(let rate, let smoothing, let epsilon):
          kernels.pointee.adadelta(n, w, g, moment(0), moment(1), &first, rate, smoothing, epsilon)
        case .adam(let rate, let beta1, let beta2, let epsilon, let step):
          kernels.pointee.adam(n, w, g, moment(0), moment(1), &first, rate, beta1, beta2, epsilon, Int64(step))
        case .nAdam(let momentRate, let gradientRate, let beta1, let beta2, let epsilon, let step):
          kernels.pointee.nadam(
            n, w, g, moment(0), moment(1), &first, momentRate, gradientRate, beta1, beta2, epsilon, Int64(step))
        case .lion(let rate, let beta1, let beta2):
          kernels.pointee.lion(n, w, g, moment(0), &first, rate, beta1, beta2)
        }
      }
    }
    withExtendedLifetime((self, gradient, moments)) {}
  }

  /// Small enough to share evenly, large enough to be worth a thread.
  private static var updateUnit: Int { 4096 }

  /// The memory of this tensor alone, for writing.
  private mutating func ownedBase(like other: Tensor) -> UnsafeMutablePointer<Scalar> {
    if shape != other.shape { shapeFailure("optimizer step", shape, other.shape) }
    Tensor.requireSamePlace("optimizer step", self, other)
    return withMutableMemory { $0.baseAddress! }
  }
}
