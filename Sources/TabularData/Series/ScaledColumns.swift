import TensorCore

/// Scaled numbers of one series, row by row; NaN where one is missing.
struct ScaledColumns<Scalar: TensorScalar> {
  let scalars: [Scalar]
  let width: Int

  /// - Parameter numbers: [steps, columns].
  init(_ numbers: Tensor<Double>, by standardizer: Standardizer<Double>) {
    scalars = standardizer(numbers).scalars.map { Scalar($0) }
    width = numbers.shape[1]
  }

  /// The place of the first number that is too large for the scalar type, or for the difference of two.
  var firstTooLarge: (step: Int, column: Int)? {
    scalars.firstIndex { abs($0) > .greatestFiniteMagnitude / 2 }.map { ($0 / width, $0 % width) }
  }

  /// Numbers of one column, with those that are missing replaced by the last known one.
  struct Column {
    var numbers: [Scalar] = []
    var isMissing: [Bool] = []
  }

  /// The columns at some steps; a step beyond the last is missing.
  ///
  /// - Parameters:
  ///   - lead: the number of steps by which the numbers stand earlier than in the series.
  ///   - start: the number of each column before any is known.
  func filled(steps: Int, lead: Int = 0, from start: [Double]) -> [Column] {
    (0..<width).map { column in
      var (filled, last) = (Column(), Scalar(start[column]))
      for step in 0..<steps + lead {
        let index = step * width + column
        let number = index < scalars.count ? scalars[index] : .nan
        if !number.isNaN { last = number }
        if step >= lead {
          filled.numbers.append(last)
          filled.isMissing.append(number.isNaN)
        }
      }
      return filled
    }
  }
}
