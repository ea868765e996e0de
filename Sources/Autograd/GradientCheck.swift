import TensorCore

/// Compares gradients from the tape with numeric ones, in double precision (code under check must be generic over its scalar).
///
/// The numeric derivative is the five-point central stencil, (−f(x+2h) + 8f(x+h) − 8f(x−h) + f(x−2h)) / 12h with h = 1e-3; a
/// tensor passes when ‖a − n‖ / (‖a‖ + ‖n‖) is below 1e-7. Where the stencil straddles a kink (of ReLU, say) the step is
/// shrunk until it does not.
public enum GradientCheck {
  public static let step = 1e-3
  public static let tolerance = 1e-7

  /// Comparison of the two gradients of one tensor.
  public struct Comparison: Sendable, CustomStringConvertible {
    public let name: String
    public let shape: TensorShape
    /// ‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖); 0 where both are 0.
    public let relativeError: Double
    /// ‖analytic‖.
    public let norm: Double
    /// Whether the relative error is below the tolerance, or the difference within the stencil's own round-off (a gradient of
    /// nearly 0 has no relative error to speak of).
    public let passes: Bool

    /// `ok    hidden.weight [16, 2]: relative error 1.2e-11`, or `WRONG …`.
    public var description: String { "\(passes ? "ok   " : "WRONG") \(name) \(shape): relative error \(relativeError)" }
  }

  /// Checks the gradient of a function with respect to each of its inputs.
  ///
  /// - Parameters:
  ///   - device: where the loss is computed; inputs are copied there.
  ///   - loss: from the inputs, as variables, to a single number; the same each time for the same inputs. It keeps none of
  ///     them.
  public static func compare(
    _ inputs: [(name: String, value: Tensor<Double>)], on device: Device = .cpu,
    loss: ([Variable<Double>]) -> Variable<Double>
  ) -> [Comparison] {
    let (analytic, failures) = analyticGradients { tape in
      let variables = inputs.map { tape.watch($0.value.copied(to: device)) }
      let result = loss(variables)
      let gradients = result.isRecorded ? result.gradients() : nil
      return zip(inputs, variables).map { gradients?[$1]?.forHost() ?? .zeros(like: $0.value) }
    }
    return compare(inputs, analytic: analytic) { values in
      loss(values.map { Variable($0.copied(to: device)) }).value.forHost().scalar
    } + failures
  }

  /// Gradients by a tape of their own, and a comparison that fails where something still holds the tape: a pullback that captures
  /// a variable, and with it the tape whose node holds the pullback.
  package static func analyticGradients(
    _ body: (Tape<Double>) -> [Tensor<Double>]
  ) -> (gradients: [Tensor<Double>], failures: [Comparison]) {
    weak var held: Tape<Double>?
    let gradients = {
      let tape = Tape<Double>()
      held = tape
      return body(tape)
    }()
    let failed = Comparison(
      name: "tape (never released: a pullback captures a variable, where it needs its value)", shape: [],
      relativeError: .infinity, norm: 0, passes: false)
    return (gradients, held == nil ? [] : [failed])
  }

  /// Checks gradients that were computed elsewhere against the numeric ones of `loss`.
  public static func compare(
    _ inputs: [(name: String, value: Tensor<Double>)], analytic: [Tensor<Double>], loss: ([Tensor<Double>]) -> Double
  ) -> [Comparison] {
    var values = inputs.map(\.value)
    let scale = abs(loss(values))
    return inputs.indices.map { index in
      let shape = inputs[index].value.shape
      if analytic[index].shape != shape { shapeFailure("GradientCheck", analytic[index].shape, shape) }
      var differences = 0.0
      var numericSquares = 0.0
      let roundOff = 8 * 0x1p-52 * max(scale, 1) / step
      for (position, (center, expected)) in zip(values[index].scalars, analytic[index].scalars).enumerated() {
        let numeric = derivative(near: expected, roundOff: roundOff) { offset in
          values[index].withMutableScalars { $0[position] = center + offset }
          return loss(values)
        }
        values[index].withMutableScalars { $0[position] = center }
        differences += (expected - numeric) * (expected - numeric)
        numericSquares += numeric * numeric
      }
      let norm = analytic[index].sumOfSquares().squareRoot()
      let difference = differences.squareRoot()
      let relative = difference == 0 ? 0 : difference / (norm + numericSquares.squareRoot())
      let isRoundOff = difference <= roundOff * Double(values[index].count).squareRoot()
      return Comparison(
        name: inputs[index].name, shape: shape, relativeError: relative, norm: norm,
        passes: relative < tolerance || isRoundOff)
    }
  }

  /// The stencil's derivative at 0. Where it is not what is expected, smaller steps are tried: of two in a row that agree with
  /// each other, neither met a kink, and the larger, which has less round-off, is right whatever was expected.
  private static func derivative(near expected: Double, roundOff: Double, _ f: (Double) -> Double) -> Double {
    func stencil(_ h: Double) -> Double { (-f(2 * h) + 8 * f(h) - 8 * f(-h) + f(-2 * h)) / (12 * h) }
    func agree(_ a: Double, _ b: Double, at h: Double) -> Bool {
      abs(a - b) <= max(tolerance / 10 * max(abs(a), abs(b)), roundOff * step / h)
    }
    let first = stencil(step)
    if agree(first, expected, at: step) { return first }
    var previous = first
    for h in [step / 10, step / 100, step / 1000, step / 10_000] {
      let next = stencil(h)
      if agree(next, previous, at: h) { return previous }
      previous = next
    }
    return first
  }
}
