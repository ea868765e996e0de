// Exclusive or: a perceptron cannot learn it, because no line separates the classes. A net with a hidden layer can.
//
//     swift run -c release ExclusiveOrExample

import SequenceModeling

let inputs = Tensor<Float>([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
let targets = Tensor<Float>([0, 1, 1, 0], shape: [4])

var perceptron = Perceptron<Float>(inputs: 2)
switch try perceptron.learn(inputs, targets: targets, mostEpochs: 100) {
case .converged(let epochs): print("the perceptron converged after \(epochs) epochs")
case .notConverged(let epochs, let errors):
  print("the perceptron did not converge: after \(epochs) epochs it still makes \(errors) errors of 4")
}

var net = Sequential(seed: 1) {
  Dense(2, 8, activation: .tanh)
  Dense(8, 1, activation: .sigmoid)
}
let history = try net.fit(
  inputs, targets, epochs: 200, optimizer: .adam(learningRate: 0.05), loss: .binaryCrossEntropy, metrics: [.accuracy])
print("the net after \(history.epochs.count) epochs: \(history.epochs.last!.training)")
let outputs = net.predict(inputs)
for row in 0..<4 { print("  \(inputs.row(row)) gives \(outputs[row, 0])") }
