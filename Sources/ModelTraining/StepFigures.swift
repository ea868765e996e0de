import TensorCore

/// Loss, penalties and gradients' norm of a step. On a device they stay there until they are read.
struct StepFigures<Scalar: TensorScalar>: Sendable {
  struct Numbers {
    /// Loss of the predictions, and the sum of the terms that are added to it.
    let loss, penalty: Double
    /// Norm of all gradients together.
    let norm: Double
  }

  /// The loss, the penalties, and the sums of the squares of gradients.
  private let figures: Figures<Scalar>
  private let penalties: Int

  init(loss: Tensor<Scalar>, penalties: [Tensor<Scalar>], gradients: [Tensor<Scalar>], team: ThreadTeam) {
    figures = Figures(of: [loss] + penalties, sumsOfSquares: gradients, team: team)
    self.penalties = penalties.count
  }

  init(loss: Double, penalty: Double, sumOfSquares: Double) {
    (figures, penalties) = (Figures([loss, penalty, sumOfSquares]), 1)
  }

  var numbers: Numbers { Self.read([self])[0] }

  /// The numbers of several steps, in one copy from a device.
  static func read(_ steps: [StepFigures]) -> [Numbers] {
    zip(steps, Figures.read(steps.map(\.figures))).map { step, numbers in
      Numbers(
        loss: numbers[0], penalty: numbers[1..<1 + step.penalties].reduce(0, +),
        norm: numbers[(1 + step.penalties)...].reduce(0, +).squareRoot())
    }
  }

  /// Factor of the gradients that clips their norm: a number, or where a device has the figures one there.
  func scale(by clipping: GradientClipping) -> (number: Double, onDevice: Tensor<Scalar>?) {
    guard case .norm(let limit) = clipping else { return (1, nil) }
    if let factor = figures.clippingFactor(limit: limit) { return (1, factor) }
    return (clipping.scale(norm: numbers.norm), nil)
  }
}
