import Foundation
import TensorCore
import Testing

struct UnaryTests {
  /// Every function of the elements agrees with the one of the system's mathematics library.
  @Test func everyFunctionAgreesWithTheMathematicsLibrary() {
    func check<Scalar: TensorScalar>(_: Scalar.Type) {
      let ladder = Tensor<Scalar>((-40...40).map { Scalar($0) / 4 }, shape: [81])
      let positive = Tensor<Scalar>((1...81).map { Scalar($0) / 8 }, shape: [3, 27])
      func compare(_ actual: Tensor<Scalar>, _ source: Tensor<Scalar>, _ exact: (Double) -> Double) {
        #expect(actual.shape == source.shape)
        for (x, y) in zip(source.scalars, actual.scalars) {
          let expected = exact(Double(x))
          #expect(abs(Double(y) - expected) <= 8 * Double(Scalar.ulpOfOne) * max(abs(expected), 1e-30), "at \(x)")
        }
      }
      compare(ladder.exp(), ladder, Foundation.exp)
      compare(positive.log(), positive, Foundation.log)
      compare(positive.log1p(), positive, Foundation.log1p)
      compare(ladder.sign(), ladder) { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
      compare(ladder.squared(), ladder) { $0 * $0 }
      compare(positive.squareRoot(), positive) { $0.squareRoot() }
      compare(positive.reciprocal(), positive) { 1 / $0 }
      compare(ladder.absolute(), ladder, abs)
      compare(-ladder, ladder) { -$0 }
      compare(ladder.map { $0 * 3 }, ladder) { $0 * 3 }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func limitsInfinitiesZerosAndNaNGoWhereTheMathematicsGoes() {
    let ends = Tensor<Float>([-.infinity, .infinity], shape: [2])
    #expect(ends.exp().scalars == [0, .infinity])
    #expect(Tensor<Float>([0, .infinity], shape: [2]).log().scalars == [-.infinity, .infinity])
    #expect(Tensor<Float>(-1).log().scalar.isNaN && Tensor<Float>(-1).squareRoot().scalar.isNaN)
    let nan = Tensor<Double>(.nan)
    for result in [nan.exp(), nan.log(), nan.log1p(), nan.sign(), -nan] { #expect(result.scalar.isNaN) }
  }
}
