import SequenceModeling

func classifyATable() throws {
  let table = try CSVTable(contentsOf: "Examples/FruitClassifier/fruits.csv")
  let kinds = try table.classes(of: "kind")
  let data = try LabelledData(inputs: table.tensor(of: ["mass", "length", "width", "hue"]), classes: kinds.indices)
  var random = RandomSource(seed: 1)
  let (training, test) = try data.split(testFraction: 0.25, stratified: true, using: &random)

  var net = Sequential {
    BatchNorm(4)
    Dense(4, 16, activation: .relu)
    Dense(16, kinds.names.count)
  }
  try net.fit(
    training, epochs: 30, optimizer: .adam(learningRate: 0.01), loss: .softmaxCrossEntropy,
    options: FitOptions(batchSize: 16))
  print(try net.evaluate(test, loss: .softmaxCrossEntropy, metrics: [.accuracy, .f1]))
  let chances = net.predict(Tensor([70, 51, 48, 315], shape: [1, 4])).softmax().scalars  // of a fruit's measures
  for (kind, chance) in zip(kinds.names, chances) { print("\(kind): \(chance)") }
  try net.save(to: "fruits.safetensors")  // net.load(from:) reads it back
}
