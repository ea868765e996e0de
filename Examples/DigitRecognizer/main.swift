// Reads shifted and noisy digits with locally connected units, each of which sees nine neighbouring points.
//
//     swift run -c release DigitRecognizerExample

import SequenceModeling

var random = RandomSource(seed: 1)
let training = try Glyphs.noisy(3000, noise: 0.2, using: &random)
let test = try Glyphs.noisy(500, noise: 0.2, using: &random)

func draw(_ sample: Tensor<Float>) {
  for row in 0..<Glyphs.rows {
    let points = sample.scalars[row * Glyphs.columns..<(row + 1) * Glyphs.columns]
    print("  " + points.map { $0 > 0.75 ? "#" : $0 > 0.35 ? "+" : "." }.joined())
  }
}

var net = Sequential {
  LocallyConnected(
    .grid(rows: Glyphs.rows, columns: Glyphs.columns, padding: 1), filters: 4, activation: .relu)
  Flatten()
  Dropout(0.2)
  Dense(Glyphs.rows * Glyphs.columns * 4, 10)
}
print("\(net.parameterCount) parameters")

try net.fit(
  training, epochs: 30, optimizer: .adam(learningRate: 0.003), loss: .softmaxCrossEntropy, metrics: [.accuracy],
  options: FitOptions(
    batchSize: 50, callbacks: [.everyEpoch { report, _ in if report.epoch % 10 == 0 { print(report) } }]))

let found = try net.evaluate(test, loss: .softmaxCrossEntropy, metrics: [.accuracy, .topKAccuracy(2)])
print("on \(found.samples) noisy digits never seen: \(found)")

let answers = net.predict(test.inputs).argmax()
for row in [3, 8] {
  draw(test.inputs.row(row))
  print("  is read as \(answers[row])")
}
