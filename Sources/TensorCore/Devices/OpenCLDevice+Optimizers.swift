import Foundation

extension OpenCLDevice {
  /// One step of an optimizer over `count` weights. Every constant is computed in double precision and rounded once.
  ///
  /// - Parameter factor: a number by which gradients are scaled too; nil for none.
  func update<Scalar: TensorScalar>(
    _ step: OptimizerStep, _ treatment: GradientTreatment, factor: UnsafePointer<Scalar>?,
    _ weights: UnsafeMutablePointer<Scalar>, gradient: UnsafePointer<Scalar>, moments: [UnsafeMutablePointer<Scalar>],
    count: Int
  ) {
    let isLimited = treatment.limit.isFinite
    let treated: [KernelArgument] = [
      .real(treatment.scale), .int(factor == nil ? 0 : 1), .memory(factor), .int(isLimited ? 1 : 0),
      .real(isLimited ? treatment.limit : 0), .real(treatment.l2),
      .real(treatment.l1), .real(treatment.shrinkage),
    ]
    func update(_ kernel: String, _ numbers: [KernelArgument], _ moments: [UnsafeMutablePointer<Scalar>?]) {
      map(
        .optimizers, kernel, of: Scalar.self, count: count,
        treated + numbers + [.memory(weights), .memory(gradient)] + moments.map { .memory($0) })
    }
    func flag(_ condition: Bool) -> KernelArgument { .int(condition ? 1 : 0) }
    func updateByMoments(
      momentRate: Double, gradientRate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ step: Int
    ) {
      update(
        "adam",
        [
          .real(momentRate), flag(gradientRate != 0), .real(gradientRate), .real(beta1), .real(1 - beta1),
          .real(beta2), .real(1 - beta2), .real(1 / (1 - pow(beta2, Double(step))).squareRoot()), .real(epsilon),
        ], moments)
    }
    switch step {
    case .sgd(let rate, let momentum, let nesterov):
      update("sgd", [.real(rate), .real(momentum), flag(nesterov), flag(!moments.isEmpty)], [moments.first])
    case .adaGrad(let rate, let epsilon): update("adagrad", [.real(rate), .real(epsilon)], moments)
    case .rmsProp(let rate, let smoothing, let epsilon, let momentum, let centered):
      update(
        "rmsprop",
        [
          .real(rate), .real(smoothing), .real(1 - smoothing), .real(epsilon), .real(momentum), flag(centered),
          flag(momentum != 0),
        ], [moments[0], centered ? moments[1] : nil, momentum == 0 ? nil : moments.last])
    case .adaDelta(let rate, let smoothing, let epsilon):
      update("adadelta", [.real(rate), .real(smoothing), .real(1 - smoothing), .real(epsilon)], moments)
    case .adam(let rate, let beta1, let beta2, let epsilon, let step):
      updateByMoments(
        momentRate: -rate / (1 - pow(beta1, Double(step))), gradientRate: 0, beta1, beta2, epsilon, step)
    case .nAdam(let momentRate, let gradientRate, let beta1, let beta2, let epsilon, let step):
      updateByMoments(momentRate: -momentRate, gradientRate: -gradientRate, beta1, beta2, epsilon, step)
    case .lion(let rate, let beta1, let beta2):
      update("lion", [.real(rate), .real(beta1), .real(1 - beta1), .real(beta2), .real(1 - beta2)], moments)
    }
  }
}
