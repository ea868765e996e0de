import Autograd
import ModelTraining
import NeuralLayers
import RecurrentLayers
import TabularData
import TensorCore
import Testing

/// Models fitted to windows of series.
@Suite struct SeriesFitTests {
  /// Two series with gaps and missing values, whose numbers from a step on are others.
  private func table(changedFrom changed: Int = .max) throws -> CSVTable {
    var (text, random) = ("day,shop,sold,price,holiday\n", RandomSource(seed: 2))
    for day in 0..<60 {
      for shop in ["a", "b"] {
        let (sold, price, holiday) = (random.normal(), random.normal(), random.normal())
        let isMissing = random.uniform() < 0.1
        if random.uniform() < 0.05 { continue }
        let factor = day >= changed ? 1000.0 : 1
        text += "\(day),\(shop),\(isMissing ? "" : "\(sold * factor)"),\(price * factor),\(holiday * factor)\n"
      }
    }
    return try CSVTable(text: text)
  }

  private func windows(
    _ table: CSVTable, targets: ForecastWindow.Targets, scaling: SeriesScaling, split: SeriesSplit
  ) throws -> WindowedSeries<Float> {
    let series = try SeriesData(
      table, time: "day", values: ["sold", "price"], series: "shop", covariates: ["holiday"], gaps: .missing)
    return try WindowedSeries(
      series, window: ForecastWindow(lag: 8, horizon: 3, targets: targets, covariateLead: 3), split: split,
      scaling: scaling, indicators: true)
  }

  private func fitted(_ windows: WindowedSeries<Float>) throws -> Sequential<Float> {
    let output: Recurrent<GRUCell<Float>>.Output = windows.window.targets == .ofEachStep ? .all : .last
    var net = Sequential<Float>(seed: 1) {
      Recurrent(GRUCell<Float>(input: windows.inputSize, hidden: 6), returning: output)
      Dense<Float>(6, windows.outputSize)
    }
    try net.fit(windows.part(.training).data, epochs: 2, loss: .meanSquaredError)
    return net
  }

  /// Every number from the split on is changed: no bit of the training windows, nor of the model, does.
  @Test(
    arguments: [ForecastWindow.Targets.ofLastStep, .ofEachStep], [SeriesScaling.none, .ofVariables, .ofEachSeries])
  func nothingAfterTheSplitReachesTheModel(targets: ForecastWindow.Targets, scaling: SeriesScaling) throws {
    for split in [
      SeriesSplit.times(validation: nil, test: "40"), .times(validation: "40", test: "50"),
      .fractions(validation: 0.1, test: 0.3),
    ] {
      let before = try windows(table(), targets: targets, scaling: scaling, split: split)
      let after = try windows(table(changedFrom: 40), targets: targets, scaling: scaling, split: split)
      #expect(zip(before.series.series, before.steps(of: .training)).allSatisfy { $0.times[$1].last! < 40 })
      let (a, b) = (
        try before.part(.training).data.batch([0, 7, 31]), try after.part(.training).data.batch([0, 7, 31])
      )
      #expect(a.inputs == b.inputs)
      #expect(try fitted(before).parameters.map(\.parameter.value) == fitted(after).parameters.map(\.parameter.value))
      #expect(try before.part(.test).data.batch([3]).inputs != after.part(.test).data.batch([3]).inputs)
    }
  }

  /// The loss of a fit counts the known targets alone.
  @Test(arguments: [ForecastWindow.Targets.ofLastStep, .ofEachStep])
  func missingTargetsCountInNoLoss(targets: ForecastWindow.Targets) throws {
    let split = SeriesSplit.fractions(validation: 0, test: 0.3)
    let windows = try windows(table(), targets: targets, scaling: .ofVariables, split: split)
    let (net, part) = (try fitted(windows), try windows.part(.training))
    let outputs = try net.predict(part.data.inputs)
    let values: [Tensor<Float>] =
      switch part.data.sequenceTargets {
      case .values(let values): (0..<part.count).map { values.row($0) }
      case .stepValues(let values): values
      default: []
      }
    var (sum, count, missing) = (0.0, 0.0, 0)
    for (output, value) in zip(outputs, values) {
      for (a, b) in zip(output.scalars, value.scalars) {
        if b.isNaN { missing += 1 } else { (sum, count) = (sum + Double((a - b) * (a - b)), count + 1) }
      }
    }
    #expect(missing > 0)
    #expect(abs(try net.evaluate(part.data, loss: .meanSquaredError).loss - sum / count) < 1e-5)
  }

  /// Forecasts of windows that end where the series do are those of `forecast`.
  @Test(arguments: [ForecastWindow.Targets.ofLastStep, .ofEachStep])
  func aForecastIsThatOfTheSameWindowInATest(targets: ForecastWindow.Targets) throws {
    let rows = (0..<40).map { "\($0),\($0 * $0 % 17)\n" }
    func windows(_ count: Int) throws -> WindowedSeries<Float> {
      let series = try SeriesData(CSVTable(text: "t,v\n" + rows.prefix(count).joined()), time: "t", values: ["v"])
      return try WindowedSeries(
        series, window: ForecastWindow(lag: 5, horizon: 4, targets: targets), split: .times(validation: nil, test: "30")
      )
    }
    let (whole, cut) = (try windows(40), try windows(36))
    let net = try fitted(whole)
    let test = try whole.part(.test)
    let forecasts = test.forecasts(try net.predict(test.data.inputs))
    let newest = try cut.forecast { try net.predict($0) }[0]
    #expect(newest.timeTexts == ["36", "37", "38", "39"])
    #expect(test.ends.last!.step == 35)
    let difference = (forecasts.row(test.count - 1) - newest.values).absolute().max().scalar
    #expect(difference < 1e-5)
  }
}
