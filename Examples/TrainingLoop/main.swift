// A training loop written out: initialize, then forward, loss, backward and update for every batch.
//
//     swift run -c release TrainingLoopExample

import SequenceModeling

/// Two layers as a struct: the forward pass and the list of parameters.
struct Net: Layer {
  typealias Scalar = Float

  var hidden = Dense<Float>(2, 16, activation: .tanh)
  var output = Dense<Float>(16, 1)

  func callAsFunction(_ input: Variable<Float>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    output(hidden(input, in: &context), in: &context)
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&hidden, "hidden")
    try visitor.visit(&output, "output")
  }
}

// Data: is a point inside a circle?
var random = RandomSource(seed: 1)
let points = Tensor<Float>.uniform([500, 2], in: -1..<1, using: &random)
let inside = points.squared().sum(axis: 1, keepingAxis: true).map { $0 < 0.5 ? 1 : 0 }

// Initialize: draw the first values, give every parameter its slot, and allocate the optimizer's moments.
var net = Net()
net.initialize(using: &random)
net.bind()
var optimizer = Optimizer(.adam(learningRate: 0.02), for: net)
let workspace = Workspace<Float>()

// Each step gets a random stream of its own, for layers that need one (dropout).
let steps = RandomSource(seed: 2)
for epoch in 1...100 {
  var total = 0.0
  for batch in BatchOrder(count: 500, batchSize: 50, seed: 1, epoch: epoch) {
    let (loss, gradients, statistics) = {
      // Forward: operations on variables are recorded on the tape.
      var context = ForwardContext<Float>(
        tape: Tape(), mode: .training, random: steps.substream(UInt64(optimizer.step)), workspace: workspace)
      let logits = net(Variable(points.rows(batch)), in: &context)
      // Loss: a single number.
      let loss = binaryCrossEntropyFromLogits(logits, targets: inside.rows(batch))
      // Backward: from the end of the tape to its start, each operation turns the gradient of its result into gradients
      // of its operands.
      return (loss.value.scalar, loss.gradients(), context.statistics)
    }()
    // Update: every parameter takes a step against its gradient. The tape has been released, so parameters change in
    // place. Statistics that layers keep (running means of batch normalization) are updated too.
    optimizer.update(&net, with: gradients)
    net.updateStatistics(from: statistics)
    total += Double(loss)
  }
  if epoch % 20 == 0 { print("epoch \(epoch): loss \(total / 10)") }
}

let data = try LabelledData(inputs: points, values: inside)
print("on all points: \(try net.evaluate(data, loss: .binaryCrossEntropyFromLogits, metrics: [.accuracy]))")
