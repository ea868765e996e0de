import CSequenceKernels
import CharrnnTestSupport
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

  @Test func expIsWithinFourUnitsInTheLastPlace() {
    sweep({ $0.unary(SKUnaryExp, $1, $2, $3) }, within: { _ in 4 }, { exp($0) })
  }

  @Test(
    arguments: [
      SKActivationTanh, SKActivationSigmoid, SKActivationELU, SKActivationSoftplus,
    ].map(\.rawValue))
  func activationsAreWithinFourUnitsInTheLastPlace(activation: UInt32) {
    let function = ActivationReference.all.first { $0.activation.rawValue == activation }!
    sweep({ $0.activation(function.activation, function.parameter, $1, $2, $3) }, within: { _ in 4 }, function.value)
  }

  /// Beyond normal numbers a factor x multiplies what a subnormal factor has lost.
  @Test(arguments: [SKActivationGELU, SKActivationSiLU].map(\.rawValue))
  func productsWithProbabilitiesAreExactWhereTheyAreNormal(activation: UInt32) {
    let function = ActivationReference.all.first { $0.activation.rawValue == activation }!
    let bound: Int64 = function.activation == SKActivationGELU ? 12 : 6
    sweep(
      { $0.activation(function.activation, function.parameter, $1, $2, $3) },
      within: { abs($0) < 0x1p-118 && $0 != 0 ? Int64(Float(0x1p-118).ordinal) : bound }, function.value)
  }

  private typealias Kernel = (SKKernels, Int64, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

  /// Floats of every exponent and sign, NaN and the infinities among them. The bound counts units in the last place.
  private func sweep(_ kernel: Kernel, within bound: (Float) -> Int64, _ reference: (Double) -> Double) {
    let x = stride(from: 0, through: UInt32.max - Self.step, by: Int(Self.step)).map { Float(bitPattern: $0) }
    let expected = x.map { Float(reference(Double($0))) }
    for (name, kernels) in Float.instances {
      var out = x
      kernel(kernels, Int64(x.count), x, &out)
      var failures = 0
      for i in x.indices where !(out[i].isNaN && expected[i].isNaN) {
        let isNear = !out[i].isNaN && abs(out[i].ordinal - expected[i].ordinal) <= bound(expected[i])
        if isNear { continue }
        if failures == 0 { Issue.record("\(name) at \(x[i]): \(out[i]), expected \(expected[i])") }
        failures += 1
      }
      #expect(failures == 0, "\(name)")
    }
  }

  @Test func limitsAreExact() {
    let x: [Float] = [.infinity, -.infinity, 1000, -1000, 0, -0.0, .greatestFiniteMagnitude, 89, -104]
    for (name, kernels) in Float.instances {
      var exponentials = x
      kernels.unary(SKUnaryExp, Int64(x.count), x, &exponentials)
      #expect(exponentials == [.infinity, 0, .infinity, 0, 1, 1, .infinity, .infinity, 0], "\(name)")
      #expect(apply(SKActivationTanh) == [1, -1, 1, -1, 0, 0, 1, 1, -1], "\(name)")
      #expect(apply(SKActivationTanh)[5].sign == .minus, "\(name)")
      #expect(apply(SKActivationSigmoid) == [1, 0, 1, 0, 0.5, 0.5, 1, 1, 0], "\(name)")
      for linear in [SKActivationGELU, SKActivationSiLU] {
        #expect(apply(linear) == [.infinity, 0, 1000, 0, 0, 0, .greatestFiniteMagnitude, 89, 0], "\(name)")
      }

      func apply(_ activation: SKActivation) -> [Float] {
        var out = x
        kernels.activation(activation, 0, Int64(x.count), x, &out)
        return out
      }
    }
  }
}
