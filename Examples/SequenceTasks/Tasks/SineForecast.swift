import Foundation
import SequenceModeling

extension SequenceTask {
  /// A forecast of a sine of unknown period and phase, compared with the naive forecast: the last point.
  package static let sineForecast = SequenceTask(
    name: "sine",
    summary: "50 noisy points of a sine: the point 10 steps after them"
  ) { effort, seed in
    let (count, epochs, units) = effort.choose(
      trial: (32, 1, 8), brief: (2000, 15, 32), full: (10000, 20, 64))
    var random = RandomSource(seed: seed)
    let series = try sines(count, using: &random)
    let unseen = try sines(effort.unseen, using: &random)
    var net = Sequential {
      Recurrent(GRUCell(input: 1, hidden: units))
      Dense(units, 1)
    }
    net.initialize(using: &random)
    try net.fit(
      series, epochs: epochs, optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError,
      options: FitOptions(
        batchSize: 32, schedule: .cosine(steps: epochs * (count / 32), floor: 0.01), clipping: .norm(1), seed: seed))
    let error = try net.evaluate(unseen, loss: .meanSquaredError).loss
    let last = unseen.inputs.slice(axis: 1, 49..<50).reshaped([-1, 1])
    let naive = Double((last - unseen.values!).squared().mean().scalar)
    return [
      Finding(quantity: "mean squared error of the forecast", value: error, bound: .below(naive / 20), baseline: naive)
    ]
  }
}

/// Sines of amplitude 1, with periods from 15 to 45 steps and any phase. Inputs: 50 points with a little noise,
/// [samples, 50, 1]. Targets: the point 10 steps after the last, without noise, [samples, 1].
private func sines(_ count: Int, using random: inout RandomSource) throws -> LabelledData<Float> {
  var (inputs, values) = ([Float](), [Float]())
  for _ in 0..<count {
    let (period, phase) = (15 + 30 * random.uniform(), 2 * Double.pi * random.uniform())
    func point(_ step: Int) -> Double { sin(phase + 2 * .pi * Double(step) / period) }
    for step in 0..<50 { inputs.append(Float(point(step) + 0.05 * random.normal())) }
    values.append(Float(point(59)))
  }
  return try LabelledData(
    inputs: Tensor(inputs, shape: [count, 50, 1]), values: Tensor(values, shape: [count, 1]))
}
