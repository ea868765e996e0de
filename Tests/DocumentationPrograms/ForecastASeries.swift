import Foundation
import SequenceModeling

func forecastASeries() throws {
  // Twelve years of sales: a trend, a season of twelve months, chance, and a month that nobody counted.
  var (text, random) = ("month,sold\n", RandomSource(seed: 1))
  for month in 0..<144 {
    let expected = 200 + 0.5 * Double(month) + 30 * sin(2 * Double.pi * Double(month) / 12)
    let sold = month == 50 ? "NA" : "\(Int(expected + 5 * random.normal()))"
    text += "\(2012 + month / 12)-\(month % 12 < 9 ? "0" : "")\(month % 12 + 1)-01,\(sold)\n"
  }
  try text.write(toFile: "sales.csv", atomically: true, encoding: .utf8)

  let table = try CSVTable(contentsOf: "sales.csv")
  let sales = try SeriesData(table, time: "month", values: ["sold"], missing: ["NA"])
  let windows = try WindowedSeries<Float>(
    sales, window: ForecastWindow(lag: 24, horizon: 6, isRelative: true),
    split: .fractions(validation: 0.15, test: 0.25))
  var net = Sequential {
    Recurrent(GRUCell(input: windows.inputSize, hidden: 16))
    Dense(16, windows.outputSize)
  }
  try net.fit(
    windows.part(.training).data, epochs: 100, optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError,
    options: FitOptions(
      clipping: .norm(1), validation: .data(windows.part(.validation).data), earlyStopping: EarlyStopping(patience: 10))
  )

  let test = try windows.part(.test)
  print(test.report(["network": test.forecasts(try net.predict(test.data.inputs))], season: 12))
  for forecast in try windows.forecast(by: { try net.predict($0) }) {
    for (month, sold) in zip(forecast.timeTexts, forecast.values.scalars) { print(month, Int(sold.rounded())) }
  }
}
