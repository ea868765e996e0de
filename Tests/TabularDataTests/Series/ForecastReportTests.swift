import TabularData
import TensorCore
import Testing

/// Baselines and scores against numbers worked out by hand.
@Suite struct ForecastReportTests {
  private func windows(
    _ values: [String], lag: Int = 1, horizon: Int, test: Double, stride: Int = 1
  ) throws -> SeriesWindows<Double> {
    let rows = values.enumerated().map { "\($0),\($1)\n" }.joined()
    let series = try SeriesData(CSVTable(text: "t,v\n" + rows), time: "t", values: ["v"])
    return try WindowedSeries(
      series, window: ForecastWindow(lag: lag, horizon: horizon, stride: stride),
      split: .fractions(validation: 0, test: test)
    ).part(.test)
  }

  private func expectClose(_ found: Double?, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(abs((found ?? .nan) - expected) < 1e-14, sourceLocation: sourceLocation)
  }

  /// Seasons of 3 steps: 1 5 2 | 2 6 4 | 3 7 | 9 4.
  private let seasonal = ["1", "5", "2", "2", "6", "4", "3", "7", "9", "4"]

  @Test func naiveForecastsAreTheLastValue() throws {
    let test = try windows(seasonal, horizon: 2, test: 0.4)  // Windows end at steps 5, 6 and 7.
    #expect(test.naiveForecasts().scalars == [4, 4, 3, 3, 7, 7])
  }

  @Test func seasonalNaiveForecastsAreTheValueASeasonBefore() throws {
    let test = try windows(seasonal, horizon: 2, test: 0.4)
    #expect(test.seasonalNaiveForecasts(season: 3).scalars == [2, 6, 6, 4, 4, 3])
    // A horizon beyond the season repeats the last season that the window's end has seen.
    let far = try windows(seasonal, horizon: 4, test: 0.4)
    #expect(far.seasonalNaiveForecasts(season: 3).scalars == [2, 6, 4, 2])
    #expect(far.seasonalNaiveForecasts(season: 1) == far.naiveForecasts())
    // A season that no step is before leaves the last value.
    #expect(far.seasonalNaiveForecasts(season: 50) == far.naiveForecasts())
  }

  @Test func baselinesStepOverMissingValues() throws {
    let test = try windows(["1", "5", "2", "", "6", "", "3", "7", "9", "4"], horizon: 2, test: 0.4)
    #expect(test.naiveForecasts().scalars == [6, 6, 3, 3, 7, 7])
    #expect(test.seasonalNaiveForecasts(season: 3).scalars == [1, 6, 6, 2, 2, 3])
  }

  @Test func scoresAreThoseWorkedOutByHand() throws {
    let test = try windows(seasonal, horizon: 2, test: 0.4)
    // Targets: 3 7 | 7 9 | 9 4.
    let report = test.report(["model": Tensor([3, 5, 8, 9, 9, 1], shape: [3, 2, 1])], season: 3)
    #expect(report.scores.map(\.forecast) == ["model", "seasonal naive", "naive"])
    let model = try #require(report["model"])
    // Errors 0 2 1 0 0 3. A season apart, the first six values differ by 1, 1 and 2.
    #expect(model.targets == 6 && model.variable == "v")
    expectClose(model.meanAbsoluteError, 1)
    expectClose(model.rootMeanSquaredError, (14.0 / 6).squareRoot())
    expectClose(model.meanAbsoluteScaledError, 0.75)
    // Errors 1 1 1 5 5 1 and 1 3 4 6 2 3.
    expectClose(report["seasonal naive"]?.meanAbsoluteError, 14.0 / 6)
    expectClose(report["naive"]?.meanAbsoluteError, 19.0 / 6)
    expectClose(report["naive"]?.rootMeanSquaredError, (75.0 / 6).squareRoot())
    // Without a season, errors are in units of the steps of the training part: 4 3 0 4 2.
    let plain = test.report([:])
    #expect(plain.scores.map(\.forecast) == ["naive"])
    expectClose(plain["naive"]?.meanAbsoluteScaledError, 95.0 / 78)
    let table = """
      forecast          MAE   RMSE   MASE  targets
      model           1.000  1.528  0.750        6
      seasonal naive  2.333  3.000  1.750        6
      naive           3.167  3.536  2.375        6
      """
    #expect(report.description == table)
  }

  @Test func missingTargetsCountNowhere() throws {
    var values = seasonal
    values[7] = ""
    let test = try windows(values, horizon: 2, test: 0.4)
    let report = test.report(["model": Tensor([4, 100, 100, 9, 9, 1], shape: [3, 2, 1])])
    #expect(report["model"]?.targets == 4 && report["model"]?.meanAbsoluteError == 1)
    #expect(report["naive"]?.targets == 4)
  }

  /// Nothing is known at the end of the first window, so that no forecast is scored there.
  @Test func targetsWithoutANaiveForecastAreScoredForNone() throws {
    let series = try SeriesData(
      CSVTable(text: "t,s,v\n0,a,1\n1,a,2\n2,a,4\n3,a,5\n0,b,\n1,b,\n2,b,3\n3,b,5\n"), time: "t", values: ["v"],
      series: "s")
    let test = try WindowedSeries<Double>(
      series, window: ForecastWindow(lag: 1, horizon: 1), split: .times(validation: nil, test: "2")
    ).part(.test)
    let report = test.report(["model": Tensor([4, 6, 100, 6], shape: [4, 1, 1])])
    #expect(report["model"]?.targets == 3 && report["naive"]?.targets == 3)
    #expect(report["model"]?.meanAbsoluteError == 2.0 / 3)
    // Series b does not change in its training part.
    #expect(report["model"]?.meanAbsoluteScaledError == nil)
    #expect(report.description.contains("-        3"))
  }

  @Test func eachVariableHasItsOwnScores() throws {
    let series = try SeriesData(
      CSVTable(text: "t,u,v\n0,1,100\n1,2,300\n2,4,200\n3,5,250\n"), time: "t", values: ["u", "v"])
    let test = try WindowedSeries<Float>(
      series, window: ForecastWindow(lag: 1, horizon: 1), split: .fractions(validation: 0, test: 0.5)
    ).part(.test)
    let report = test.report(["model": Tensor([3, 210, 5, 240], shape: [2, 1, 2])])
    #expect(report["model", "u"]?.meanAbsoluteError == 0.5 && report["model", "v"]?.meanAbsoluteError == 10)
    #expect(
      report["naive", "u"]?.meanAbsoluteScaledError == 1.5 && report["naive", "v"]?.meanAbsoluteScaledError == 0.375)
    #expect(
      report.description.split(separator: "\n").map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
        "forecast variable", "model \"u\"", "naive \"u\"", "model \"v\"", "naive \"v\"",
      ])
  }
}
