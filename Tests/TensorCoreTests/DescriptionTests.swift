import TensorCore
import Testing

struct DescriptionTests {
  @Test func numbersAreWrittenWithTheFewestDigitsThatAllOfThemNeed() {
    #expect("\(Tensor<Float>(2.5))" == "2.5")
    #expect("\(Tensor<Float>([1, 2, 3], shape: [3]))" == "[1.0, 2.0, 3.0]")
    #expect("\(Tensor<Float>([0.1, 0.25], shape: [2]))" == "[0.10, 0.25]")
    #expect("\(Tensor<Double>([1 / 3, 100], shape: [2]))" == "[  0.333, 100.000]")
    #expect("\(Tensor<Double>(123_456.789))" == "123456.8")
    #expect("\(Tensor<Float>([0, -0.5], shape: [2]))" == "[ 0.0, -0.5]")
  }

  @Test func veryLargeAndVerySmallNumbersAreWrittenWithAnExponent() {
    #expect("\(Tensor<Double>([1, 2.5e9], shape: [2]))" == "[1.0e+00, 2.5e+09]")
    #expect("\(Tensor<Double>([0, 1e-5], shape: [2]))" == "[0.0e+00, 1.0e-05]")
    #expect("\(Tensor<Double>(1.0 / 3e7))" == "3.33333e-08")
  }

  @Test func numbersThatAreNotFiniteStandInTheirColumn() {
    #expect("\(Tensor<Float>([.nan, 1.5, -.infinity], shape: [3]))" == "[ nan,  1.5, -inf]")
    #expect("\(Tensor<Float>([.nan], shape: [1]))" == "[nan]")
  }

  /// Axes are nested, with columns aligned and a blank line between matrices.
  @Test func axesAreNestedWithColumnsAligned() {
    #expect(
      "\(Tensor<Float>([1, -2, 30, 4], shape: [2, 2]))" == """
        [[ 1.0, -2.0],
         [30.0,  4.0]]
        """)
    #expect(
      "\(Tensor<Float>.arange(8).reshaped([2, 2, 2]))" == """
        [[[0.0, 1.0],
          [2.0, 3.0]],

         [[4.0, 5.0],
          [6.0, 7.0]]]
        """)
    #expect("\(Tensor<Float>.zeros([0]))" == "[]")
    #expect("\(Tensor<Float>.zeros([2, 0]))" == "[[],\n []]")
  }

  @Test func ofALongAxisTheFirstAndTheLastThreePlacesAreShown() {
    #expect("\(Tensor<Float>.arange(10))".contains("…") == false)
    #expect("\(Tensor<Float>.arange(100))" == "[ 0.0,  1.0,  2.0, …, 97.0, 98.0, 99.0]")
    #expect(
      "\(Tensor<Float>.arange(22).reshaped([11, 2]))" == """
        [[ 0.0,  1.0],
         [ 2.0,  3.0],
         [ 4.0,  5.0],
         …,
         [16.0, 17.0],
         [18.0, 19.0],
         [20.0, 21.0]]
        """)
  }
}
