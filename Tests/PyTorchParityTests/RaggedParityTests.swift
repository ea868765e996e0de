import Autograd
import CharrnnTestSupport
import ModelTraining
import NeuralLayers
import RecurrentLayers
import TabularData
import TensorCore
import Testing

/// A case of `generate_ragged.py`.
private struct RaggedConfiguration: Decodable, Sendable {
  let cell, target: String
  let bidirectional, steps: Bool
}

/// A recurrent layer and a linear one.
private struct Net<Cell: RecurrentCell>: Layer where Cell.Scalar == Double {
  typealias Scalar = Double
  var rnn: Recurrent<Cell>
  var linear: Dense<Double>

  init(bidirectional: Bool, steps: Bool, cell: () -> Cell) {
    let stack =
      bidirectional ? StackedRecurrent([cell()], reverse: [cell()]) : StackedRecurrent([cell()])
    rnn = Recurrent(stack, returning: steps ? .all : .last)
    linear = Dense(stack.outputSize, 3)
  }

  func callAsFunction(_ input: Variable<Double>, in context: inout ForwardContext<Double>) -> Variable<Double> {
    linear(rnn(input, in: &context), in: &context)
  }

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&rnn, "rnn")
    try visitor.visit(&linear, "linear")
  }
}

/// Gives each parameter its value by name.
private struct Loading: ParameterVisitor {
  let values: (String) -> Tensor<Double>
  var path = ParameterPath()

  mutating func visit(_ parameter: inout Parameter<Double>, at name: String) { parameter.value = values(name) }
}

/// Fits of sequences of several lengths equal PyTorch's, which packs them and masks the loss.
@Suite struct RaggedParityTests {
  private typealias Case = FixtureCase<RaggedConfiguration>

  @Test(arguments: [Device.cpu] + (testDevice.map { [.openCL($0)] } ?? []))
  func fitsEqualPyTorchsWithPackedSequencesAndMasks(_ device: Device) throws {
    let cases: [Case] = try readCases(Repository.fixture("ragged.safetensors").path)
    #expect(cases.count == 24)
    for (number, reference) in cases.enumerated() {
      let c = reference.configuration
      let place = "case \(number): \(c)"
      switch c.cell {
      case "lstm": try check(reference, place, on: device) { LSTMCell<Double>(input: 3, hidden: 4) }
      case "gru": try check(reference, place, on: device) { GRUCell<Double>(input: 3, hidden: 4) }
      default: try check(reference, place, on: device) { ElmanCell<Double>(input: 3, hidden: 4) }
      }
    }
  }

  private func check<Cell: RecurrentCell>(
    _ reference: Case, _ place: String, on device: Device, cell: () -> Cell
  ) throws where Cell.Scalar == Double {
    let c = reference.configuration
    func tensor(_ name: String) -> Tensor<Double>? { reference.tensors[name]?.tensor() }
    let lengths = try #require(tensor("lengths")).scalars.map { Int($0) }
    let sequences = try #require(tensor("input")).withoutPadding(lengths)
    func classes(_ tensor: Tensor<Double>) -> [Int32] { tensor.scalars.map { Int32($0) } }
    let targets: SequenceTargets<Double> =
      switch (tensor("classes"), tensor("values"), c.steps) {
      case (let all?, _, true): .stepClasses(all.withoutPadding(lengths).map(classes))
      case (let all?, _, false): .classes(classes(all))
      case (_, let values, true): .stepValues(try #require(values).withoutPadding(lengths))
      case (_, let values, false): .values(try #require(values))
      }
    let mask = tensor("mask")?.withoutPadding(lengths).map { $0.scalars.map { $0 == 1 } }
    let data = try SequenceData(sequences, targets: targets, mask: mask, weights: tensor("weights")?.scalars)

    var net = Net(bidirectional: c.bidirectional, steps: c.steps, cell: cell)
    var loading = Loading(values: { tensor("before/\($0)")! })
    net.visitParameters(&loading)
    let loss: LossFunction<Double> = c.target == "classes" ? .softmaxCrossEntropy : .meanSquaredError
    var stepped = net
    try stepped.fit(
      data, epochs: 1, optimizer: .sgd(learningRate: 1), loss: loss,
      options: FitOptions(batchSize: data.count, device: device))
    for (before, after) in zip(net.parameters, stepped.parameters) {
      expectEqual(
        before.parameter.value - after.parameter.value, tensor("gradient/\(before.name)")!.scalars, 1e-9, 1e-12,
        "\(place), gradient of \(before.name)")
    }
    let history = try net.fit(
      data, epochs: 5, optimizer: .adam(learningRate: 0.05), loss: loss,
      options: FitOptions(batchSize: data.count, device: device))
    for (found, expected) in zip(history.losses, tensor("losses")!.scalars) {
      #expect(abs(found - expected) < 1e-10, "\(place)")
    }
    for parameter in net.parameters {
      expectEqual(
        parameter.parameter.value, tensor("after/\(parameter.name)")!.scalars, 1e-8, 1e-10,
        "\(place), \(parameter.name) after five steps")
    }
  }
}
