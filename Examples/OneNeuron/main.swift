// One neuron by hand: a weighted sum, a bias and a threshold are enough for AND and OR.
//
//     swift run OneNeuronExample

import SequenceModeling

let inputs = Tensor<Double>([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])

func show(_ name: String, _ neuron: Neuron<Double>) {
  print("\(name): weights \(neuron.weights), bias \(neuron.bias)")
  let (sums, outputs) = (neuron.weightedSum(of: inputs), neuron(inputs))
  for row in 0..<4 { print("  \(inputs.row(row))  weighted sum \(sums[row])  fires \(outputs[row] == 1)") }
}

// AND: both inputs together reach the threshold, one alone does not.
show("and", Neuron(weights: Tensor([1, 1], shape: [2]), bias: -1.5))
// OR: one input is enough.
show("or", Neuron(weights: Tensor([1, 1], shape: [2]), bias: -0.5))
// The second input inhibits: its weight is negative.
show("first but not second", Neuron(weights: Tensor([1, -1], shape: [2]), bias: -0.5))

// A sigmoid in place of the threshold gives a graded output, whose gradient is not zero.
let smooth = Dense<Double>(
  weight: Tensor([8, 8], shape: [1, 2]), bias: Tensor([-12], shape: [1]), activation: .sigmoid)
print("and, by degrees: \(smooth.predict(inputs).reshaped([4]))")
