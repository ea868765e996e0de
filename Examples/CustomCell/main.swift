// Trains a recurrent cell of your own, after checking its gradients.
//
//     swift run -c release CustomCellExample

import SequenceModeling

var random = RandomSource(seed: 1)

let freshCell = MinimalGatedCell<Double>(input: 2, hidden: 3).drawn(using: &random)
let checked = GradientCheck.compare(freshCell) { cell, _, context in
  let input = Variable(Tensor<Double>([0.5, -1, 2, 0.1, -0.3, 0.7], shape: [3, 1, 2]))
  let (outputs, _) = cell.run(.vectors(input), from: cell.initialState(batchSize: 1, in: &context), in: &context)
  return outputs.squared().sum()
}
for comparison in checked {
  print("\(comparison.passes ? "ok   " : "WRONG") \(comparison.name): relative error \(comparison.relativeError)")
}

let trainer = Trainer(
  model: EchoModel(hidden: 24).drawn(using: &random), task: EchoTask(), optimizer: .adam(learningRate: 0.01),
  clipping: .norm(1),
  seed: 1)
for step in 1...600 {
  if case .step(let report) = try trainer.trainStep(), step % 100 == 0 {
    print("step \(step): loss \(report.loss)")
  }
}

let stack = StackedRecurrent(
  [
    MinimalGatedCell<Float>(input: 8, hidden: 32).drawn(using: &random),
    MinimalGatedCell<Float>(input: 32, hidden: 32).drawn(using: &random),
  ], options: StackOptions(dropout: 0.2))
print("two layers of it: \(stack.parameterCount) parameters")
