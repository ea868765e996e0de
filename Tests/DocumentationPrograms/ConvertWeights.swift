import SequenceModeling

func convertWeights() throws {
  let file = try PackageFile(contentsOf: "Tests/Fixtures/character-gru.safetensors")
  let recurrent = file.tensors.filter { $0.key.hasPrefix("rnn.") }
  // Numbers of a tensor, those of another precision rounded; nil where they are integers.
  let bias = file.tensors["decoder.bias"].flatMap { Tensor<Float>($0) }
  if let bias { print("decoder.bias \(bias.shape), \(bias.scalars.prefix(2))") }

  let weights = try RecurrentWeights(recurrent, in: .pytorch)
  let stack = try StackedRecurrent<GRUCell<Float>>(weights)

  var context = ForwardContext<Float>()
  let input = Tensor<Float>.zeros([5, 1, stack.cells[0].inputSize])  // [time, batch, features]
  let (outputs, state) = stack.run(.vectors(Variable(input)), in: &context)
  print("outputs \(outputs.shape), \(state.count) states")

  let ofKeras = try RecurrentWeights.convert(recurrent, from: .pytorch, to: .keras)
  for (name, tensor) in ofKeras.sorted(by: { $0.key < $1.key }) { print(name, tensor.shape) }
}
