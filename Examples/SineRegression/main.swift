// Learns a sine from noisy points, with a linear warm-up of the learning rate and cosine decay.
//
//     swift run -c release SineRegressionExample

import Foundation
import SequenceModeling

var random = RandomSource(seed: 1)
let x = Tensor<Float>.uniform([400, 1], in: -3.14..<3.14, using: &random)
let noise = Tensor<Float>.normal(x.shape, standardDeviation: 0.1, using: &random)
let y = x.map { Float(sin(Double($0))) } + noise

var net = Sequential {
  Dense(1, 32, activation: .tanh)
  Dense(32, 32, activation: .tanh)
  Dense(32, 1)
}
// A schedule counts updates. An epoch has as many as there are batches of the 320 points that are not held out.
let (epochs, batch) = (150, 40)
let updates = epochs * 320 / batch
let history = try net.fit(
  x, y, epochs: epochs, optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError, metrics: [.rSquared],
  options: FitOptions(
    batchSize: batch, schedule: .warmUp(steps: 50, from: 0.1, then: .cosine(steps: updates - 50)),
    validation: .split(0.2)))
for report in history.epochs where report.epoch % 50 == 0 { print(report) }
print("(the noise alone has a mean squared error of 0.01)")

print("      x    sin x      net")
for point in stride(from: -3.0, through: 3, by: 1) {
  let output = net.predict(Tensor([Float(point)], shape: [1, 1])).scalar
  print(String(format: "%7.1f  %7.3f  %7.3f", point, sin(point), output))
}
