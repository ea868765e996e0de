import TabularData
import TensorCore
import Testing

private func moments(_ column: [Double]) -> (mean: Double, deviation: Double) {
  let mean = column.reduce(0, +) / Double(column.count)
  return (mean, (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(column.count)).squareRoot())
}

@Suite struct StandardizerTests {
  /// Mean and deviation are those of each column, whatever the shape of a sample.
  @Test(arguments: [[], [1], [5], [2, 3]])
  func meanAndDeviationAreThoseOfEachColumn(part: [Int]) throws {
    for count in [1, 2, 3, 50] {
      var random = RandomSource(seed: UInt64(count))
      let samples = Tensor<Double>.normal(TensorShape([count] + part), mean: 3, standardDeviation: 2, using: &random)
      let standardizer = try Standardizer(fitting: samples)
      #expect(standardizer.mean.shape == TensorShape(part) && standardizer.deviation.shape == TensorShape(part))
      let columns = samples.reshaped([count, -1])
      for column in 0..<columns.shape[1] {
        let expected = moments((0..<count).map { columns[$0, column] })
        #expect(abs(standardizer.mean.scalars[column] - expected.mean) < 1e-12)
        let deviation = expected.deviation == 0 ? 1 : expected.deviation
        #expect(abs(standardizer.deviation.scalars[column] - deviation) < 1e-12)
      }
    }
  }

  /// The part it was fitted on has mean 0 and deviation 1, and inverse gives it back.
  @Test func thePartItWasFittedOnHasMean0AndDeviation1() throws {
    var random = RandomSource(seed: 4)
    let samples = Tensor<Double>.uniform([200, 4], in: -3..<9, using: &random)
    let standardizer = try Standardizer(fitting: samples)
    let standardized = standardizer(samples)
    let again = try Standardizer(fitting: standardized)
    for column in 0..<4 {
      #expect(abs(again.mean[column]) < 1e-14)
      #expect(abs(again.deviation[column] - 1) < 1e-14)
    }
    #expect((standardizer.inverse(standardized) - samples).absolute().max().scalar < 1e-13)
    #expect(standardizer(samples.rows(0..<3)) == standardized.rows(0..<3))
  }

  @Test func aConstantColumnIsCentredExactlyAndNotScaled() throws {
    for value: Float in [0, 0.1, -7, .leastNonzeroMagnitude, 3e38] {
      let samples = Tensor<Float>.full([1000, 2], value)
      let standardizer = try Standardizer(fitting: samples)
      #expect(standardizer.deviation.scalars == [1, 1])
      #expect(standardizer(samples).scalars.allSatisfy { $0 == 0 })
      #expect(standardizer(samples + 2).scalars.allSatisfy { $0 == samples[0, 0] + 2 - value })
    }
  }

  /// Deviations are right beside a large mean, and for numbers whose squares overflow or vanish.
  @Test func deviationsAreRightBesideALargeMean() throws {
    for (offset, scale) in [(1e9, 1.0), (0, 1e300), (0, 1e-300), (0, 0x1p-1060), (0x1p-1050, 0x1p-1055)] {
      let pattern: [Double] = [-1, 1, 1, -1, 3, -3]
      let samples = Tensor(pattern.map { offset + $0 * scale }, shape: [6, 1])
      let standardizer = try Standardizer(fitting: samples)
      let expected = (22.0 / 6).squareRoot() * scale
      #expect(abs(standardizer.mean[0] - offset) <= 1e-9 * scale)
      #expect(abs(standardizer.deviation[0] / expected - 1) < 1e-9)
    }
    let large = try Standardizer(fitting: Tensor<Float>([3e38, -3e38], shape: [2, 1]))
    #expect(large.mean[0] == 0 && large.deviation[0] == 3e38)
  }

  @Test func theSumsOfManyNumbersDoNotDriftInSinglePrecision() throws {
    let samples = Tensor((0..<400_000).map { $0 % 2 == 0 ? Float(1000.25) : 1001.75 }, shape: [400_000, 1])
    let standardizer = try Standardizer(fitting: samples)
    #expect(standardizer.mean[0] == 1001 && standardizer.deviation[0] == 0.75)
  }

  @Test func whatCannotBeMeasuredIsRefused() {
    #expect(throws: DataError.noSamples) { try Standardizer<Float>(fitting: .zeros([0, 2])) }
    #expect(throws: DataError.notFinite(.inputs, at: .row(1), index: [0], value: "inf")) {
      try Standardizer<Float>(fitting: Tensor([1, 2, .infinity, 3], shape: [2, 2]))
    }
  }

  @Test func aStandardizerIsMadeAgainFromWhatWasKept() throws {
    var random = RandomSource(seed: 8)
    let samples = Tensor<Float>.normal([20, 3], using: &random)
    let fitted = try Standardizer(fitting: samples)
    #expect(Standardizer(mean: fitted.mean, deviation: fitted.deviation)(samples) == fitted(samples))
  }
}
