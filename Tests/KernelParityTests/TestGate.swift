import Foundation

/// Function of the gates of a kernel under test, in double precision.
enum TestGate: Sendable {
  case sigmoid
  case hard(slope: Double)

  /// A slope of ¼, exact in single precision, clips preactivations beyond ±2.
  static let all: [TestGate] = [.sigmoid, .hard(slope: 0.25)]

  func value(_ x: Double) -> Double {
    switch self {
    case .sigmoid: 1 / (1 + exp(-x))
    case .hard(let slope): min(1, max(0, slope * x + 0.5))
    }
  }

  /// The derivative, from the value.
  func derivative(_ y: Double) -> Double {
    switch self {
    case .sigmoid: y * (1 - y)
    case .hard(let slope): y > 0 && y < 1 ? slope : 0
    }
  }
}
