import Foundation
import SequenceModeling

func forecastASeries() throws {
  let series = (0..<240).map { Float(sin(0.3 * Double($0))) }
  let starts = Array(0..<220)
  let windows = starts.flatMap { series[$0..<$0 + 20] }
  let data = try LabelledData(
    inputs: Tensor(windows, shape: [220, 20, 1]), values: Tensor(starts.map { series[$0 + 20] }, shape: [220, 1]))

  var net = Sequential {
    Recurrent(GRUCell(input: 1, hidden: 12))
    Dense(12, 1)
  }
  try net.fit(
    data, epochs: 40, optimizer: .adam(learningRate: 0.02), loss: .meanSquaredError,
    options: FitOptions(clipping: .norm(1)))
  let newest = Tensor(Array(series.suffix(20)), shape: [1, 20, 1])
  print("forecast: \(net.predict(newest).scalar), sine: \(sin(0.3 * 240))")
}
