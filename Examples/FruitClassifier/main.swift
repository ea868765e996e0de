// Classifies fruits by their measures: reads a table, compiles and fits a net, and evaluates it on fruits that it has not
// seen. (The measures in fruits.csv are made up.)
//
//     swift run -c release FruitClassifierExample

import Foundation
import SequenceModeling

let table = try CSVTable(contentsOf: Bundle.module.path(forResource: "fruits", ofType: "csv")!)
let kinds = try table.classes(of: "kind")
let measures = ["mass", "length", "width", "hue"]
print("\(table.rowCount) fruits of the kinds \(kinds.names.joined(separator: ", "))")

var random = RandomSource(seed: 1)
let data = try LabelledData(inputs: table.tensor(of: measures, as: Float.self), classes: kinds.indices)
let (training, test) = try data.split(testFraction: 0.25, stratified: true, using: &random)

// Mean and deviation come from the training part alone: the test part must not influence training.
let standardizer = try Standardizer(fitting: training.inputs)

let net = Sequential {
  Dense(4, 16, activation: .relu)
  Dense(16, kinds.names.count)
}
var classifier = net.compile(
  optimizer: .adam(learningRate: 0.01), loss: .softmaxCrossEntropy, metrics: [.accuracy, .f1])
let history = try classifier.fit(
  training.mapInputs(standardizer.callAsFunction), epochs: 100,
  options: FitOptions(batchSize: 16, validation: .split(0.2), earlyStopping: EarlyStopping(patience: 10)))
print("stopped after \(history.epochs.count) epochs; the best: \(history.modelReport!)")

let found = try classifier.evaluate(test.mapInputs(standardizer.callAsFunction))
print("on \(found.samples) fruits never seen: \(found)")
print("by actual kind (rows) and predicted kind (columns):\n\(found.confusion!)")

let unknown = Tensor<Float>([120, 180, 36, 55], shape: [1, 4])
let answer = classifier.predict(standardizer(unknown)).softmax()
print(
  "a fruit of 120 g, 180 mm long, 36 mm wide, hue 55: \(kinds.names[Int(answer.argmax()[0])]) (\(answer.max().scalar))")
