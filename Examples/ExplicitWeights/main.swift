// A net of two layers with given weights: the outputs, the loss, the gradients, and one step of gradient descent.
//
//     swift run ExplicitWeightsExample

import SequenceModeling

// A layer's weight is [outputs, inputs]: row i holds the weights of output i.
var net = Sequential<Double> {
  Dense(
    weight: Tensor([0.1, 0.3, 0.2, 0.4], shape: [2, 2]), bias: Tensor([0.1, 0.2], shape: [2]), activation: .sigmoid)
  Dense(weight: Tensor([0.5, 0.6], shape: [1, 2]), bias: Tensor([0.3], shape: [1]), activation: .sigmoid)
}
let inputs = Tensor<Double>([1, 2, 3, 4], shape: [2, 2])
let targets = Tensor<Double>([1, 0], shape: [2, 1])

net.bind()
let (outputs, loss, gradients) = {
  var context = ForwardContext<Double>(tape: Tape(), mode: .training)
  let outputs = net(Variable(inputs), in: &context)
  let loss = meanSquaredError(outputs, Variable(targets))
  return (outputs.value, loss.value.scalar, loss.gradients())
}()
print("outputs:\n\(outputs)")
print("mean squared error: \(loss)")

for (name, parameter) in net.parameters { print("gradient of \(name):\n\(gradients[parameter]!)") }

var optimizer = Optimizer(.sgd(learningRate: 0.1), for: net)
optimizer.update(&net, with: gradients)
print("after one step at rate 0.1:")
for (name, parameter) in net.parameters { print("\(name):\n\(parameter.value)") }
print(
  "mean squared error: \(try net.evaluate(LabelledData(inputs: inputs, values: targets), loss: .meanSquaredError).loss)"
)
