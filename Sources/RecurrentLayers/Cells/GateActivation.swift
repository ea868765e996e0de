import Autograd
import TensorCore

/// Function of the gates of a recurrent cell, with values from 0 to 1.
public enum GateActivation: Sendable, Hashable, CustomStringConvertible {
  /// The logistic function 1 / (1 + e⁻ˣ).
  case sigmoid
  /// The hard sigmoid min(1, max(0, slope·x + ½)). The slope is 1/5 in Keras 2 and the default of ONNX, 1/6 in Keras 3 and
  /// PyTorch.
  ///
  /// Its derivative is the slope where the value is between 0 and 1, else 0; at the corners, where the value is 0 or 1, it
  /// is 0.
  case hardSigmoid(slope: Double)

  /// Whether it is a sigmoid, or a hard one with a slope that is positive and finite, in single precision too.
  package var isValid: Bool { hardSlope.map { Float($0) > 0 && Float($0).isFinite } ?? true }

  public var description: String { hardSlope.map { "hard sigmoid of slope \(Float($0))" } ?? "sigmoid" }

  /// Slope of a hard sigmoid; nil for the sigmoid.
  var hardSlope: Double? {
    if case .hardSigmoid(let slope) = self { slope } else { nil }
  }

  /// Traps unless it is valid.
  func validated() -> GateActivation {
    require(isValid, "the gates of a recurrent cell cannot be a \(self): the slope must be positive and finite")
    return self
  }

  /// The function's values, recorded where the variable is.
  func callAsFunction<Scalar>(_ x: Variable<Scalar>) -> Variable<Scalar> {
    guard let hardSlope else { return x.sigmoid() }
    return 1 - (1 - (x * Scalar(hardSlope) + 0.5).relu()).relu()
  }
}
