import CSequenceKernels
import Foundation
import Testing

/// The functions that the kernels compute themselves in single precision, against the C library in double.
struct ExponentialAccuracyTests {
  // An odd step visits all low bits. Unoptimized builds sweep a tenth as many.
  #if DEBUG
    private static let step: UInt32 = 20_011
  #else
    private static let step: UInt32 = 1_999
  #endif

  @Test func expIsWithinFourUnitsInTheLastPlace() { sweep(SKUnaryExp) { exp($0) } }
  @Test func tanhIsWithinFourUnitsInTheLastPlace() { sweep(SKUnaryTanh) { tanh($0) } }
  @Test func sigmoidIsWithinFourUnitsInTheLastPlace() { sweep(SKUnarySigmoid) { sigmoid($0) } }

  /// Floats of every exponent and sign, NaN and the infinities among them.
  private func sweep(_ operation: SKUnary, reference: (Double) -> Double) {
    let x = stride(from: 0, through: UInt32.max - Self.step, by: Int(Self.step)).map { Float(bitPattern: $0) }
    let expected = x.map { Float(reference(Double($0))) }
    for (name, kernels) in Float.instances {
      var out = x
      kernels.unary(operation, Int64(x.count), x, &out)
      var worst: Int64 = 0
      var worstInput: Float = 0
      for i in x.indices {
        if expected[i].isNaN {
          if !out[i].isNaN { Issue.record("\(name): not NaN at \(x[i])") }
        } else if out[i].isNaN {
          Issue.record("\(name): NaN at \(x[i])")
        } else if abs(out[i].ordinal - expected[i].ordinal) > worst {
          worst = abs(out[i].ordinal - expected[i].ordinal)
          worstInput = x[i]
        }
      }
      #expect(worst <= 4, "\(name) at \(worstInput)")
    }
  }

  @Test func limitsAreExact() {
    let x: [Float] = [.infinity, -.infinity, 1000, -1000, 0, -0.0, .greatestFiniteMagnitude, 89, -104]
    for (name, kernels) in Float.instances {
      #expect(apply(SKUnaryExp) == [.infinity, 0, .infinity, 0, 1, 1, .infinity, .infinity, 0], "\(name)")
      #expect(apply(SKUnaryTanh) == [1, -1, 1, -1, 0, 0, 1, 1, -1], "\(name)")
      #expect(apply(SKUnaryTanh)[5].sign == .minus, "\(name)")
      #expect(apply(SKUnarySigmoid) == [1, 0, 1, 0, 0.5, 0.5, 1, 1, 0], "\(name)")

      func apply(_ operation: SKUnary) -> [Float] {
        var out = x
        kernels.unary(operation, Int64(x.count), x, &out)
        return out
      }
    }
  }
}
