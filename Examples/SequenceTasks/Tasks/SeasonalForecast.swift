import Foundation
import SequenceModeling

extension SequenceTask {
  /// A forecast of series with a trend, a season and noise, many to many: a season ahead of every step that is read. It is
  /// compared with the seasonal naive forecast, the value one season before.
  package static let seasonalForecast = SequenceTask(
    name: "seasonal",
    summary: "36 months of a series with a trend, a season and noise: the 12 months after each"
  ) { effort, seed in
    let (count, epochs, units) = effort.choose(
      trial: (4, 1, 8), brief: (20, 60, 24), full: (40, 60, 48))
    var random = RandomSource(seed: seed)
    let table = try CSVTable(text: seasonalSeries(count, months: 144, using: &random))
    let series = try SeriesData(table, time: "month", values: ["value"], series: "name")
    let windows = try WindowedSeries<Float>(
      series, window: ForecastWindow(lag: 36, horizon: 12, stride: 6, targets: .ofEachStep, isRelative: true),
      split: .fractions(validation: 0, test: 0.25))
    var net = Sequential {
      Recurrent(GRUCell(input: windows.inputSize, hidden: units), returning: .all)
      Dense(units, windows.outputSize)
    }
    net.initialize(using: &random)
    let training = try windows.part(.training).data
    let batch = min(16, training.count)
    try net.fit(
      training, epochs: epochs, optimizer: .adam(learningRate: 0.02), loss: .meanSquaredError,
      options: FitOptions(
        batchSize: batch, schedule: .cosine(steps: epochs * ((training.count + batch - 1) / batch), floor: 0.01),
        clipping: .norm(1), seed: seed))
    let test = try windows.part(.test)
    let report = test.report(["net": test.forecasts(try net.predict(test.data.inputs))], season: 12)
    let (error, naive) = (report["net"]!.meanAbsoluteError, report["seasonal naive"]!.meanAbsoluteError)
    return [
      Finding(
        quantity: "mean absolute error of the forecast", value: error, bound: .below(0.75 * naive), baseline: naive)
    ]
  }
}

/// A table of monthly series, each with a level, a slope, a season of two waves and noise of its own.
private func seasonalSeries(_ count: Int, months: Int, using random: inout RandomSource) -> String {
  var text = "month,name,value\n"
  for series in 0..<count {
    let (level, slope) = (4 * random.normal(), 0.05 * random.normal())
    let phases = (2 * Double.pi * random.uniform(), 2 * Double.pi * random.uniform())
    for month in 0..<months {
      let angle = 2 * Double.pi * Double(month) / 12
      let season = 2 * sin(angle + phases.0) + sin(2 * angle + phases.1)
      let value = level + slope * Double(month) + season + 0.5 * random.normal()
      text += "\(2010 + month / 12)-\(month % 12 < 9 ? "0" : "")\(month % 12 + 1)-01,\(series),\(value)\n"
    }
  }
  return text
}
