import Autograd
import CharrnnTestSupport
import Foundation
import ModelTraining
import NeuralLayers
import TabularData
import TensorCore
import Testing

/// The fixture of `generate_feedforward.py`.
private struct Fixture: Decodable {
  typealias Matrix = [[Double]]
  let rate: Double
  let inputs, targets, outputs: Matrix
  let parameters, stepped: Weights
  let gradients: Gradients
  let loss, lossAfter: Double

  struct Weights: Decodable {
    let weight1, weight2: Matrix
    let bias1, bias2: [Double]
  }

  struct Gradients: Decodable {
    let weight1, weight2, inputs: Matrix
    let bias1, bias2: [Double]
  }

  static let shared: Fixture = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try! decoder.decode(Fixture.self, from: Data(contentsOf: Repository.fixture("feedforward.json")))
  }()
}

@Suite struct FeedforwardFixtureTests {
  private let fixture = Fixture.shared

  private func tensor(_ matrix: Fixture.Matrix) -> Tensor<Double> {
    Tensor(matrix.flatMap { $0 }, shape: [matrix.count, matrix[0].count])
  }

  /// NumPy's weights are [inputs, outputs].
  private var net: Sequential<Double> {
    let p = fixture.parameters
    return Sequential {
      Dense(
        weight: tensor(p.weight1).transposed(), bias: Tensor(p.bias1, shape: [2]), activation: .sigmoid)
      Dense(
        weight: tensor(p.weight2).transposed(), bias: Tensor(p.bias2, shape: [1]), activation: .sigmoid)
    }
  }

  private func expectParameters(
    _ parameters: [Tensor<Double>], _ weight1: Fixture.Matrix, _ bias1: [Double], _ weight2: Fixture.Matrix,
    _ bias2: [Double], _ name: Comment
  ) {
    expectClose(parameters[0], tensor(weight1).transposed(), name)
    expectClose(parameters[1], Tensor(bias1, shape: [2]), name)
    expectClose(parameters[2], tensor(weight2).transposed(), name)
    expectClose(parameters[3], Tensor(bias2, shape: [1]), name)
  }

  @Test func outputsLossGradientsAndAStepOfDescentAreNumPysTo1e12() {
    var net = net.bound()
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape, mode: .training)
    let inputs = tape.watch(tensor(fixture.inputs))
    let outputs = net(inputs, in: &context)
    expectClose(outputs.value, tensor(fixture.outputs), "outputs")
    let loss = meanSquaredError(outputs, Variable(tensor(fixture.targets)))
    #expect(abs(loss.value.scalar - fixture.loss) < 1e-12)

    let (gradients, g) = (loss.gradients(), fixture.gradients)
    expectClose(gradients[inputs]!, tensor(g.inputs), "gradient of the inputs")
    expectParameters(
      net.parameters.map { gradients[$0.parameter]! }, g.weight1, g.bias1, g.weight2, g.bias2, "gradients")

    var optimizer = Optimizer(.sgd(learningRate: fixture.rate), for: net)
    optimizer.update(&net, with: gradients)
    let s = fixture.stepped
    expectParameters(
      net.parameters.map(\.parameter.value), s.weight1, s.bias1, s.weight2, s.bias2, "parameters after a step")
  }

  @Test func anEpochOfFitOnOneBatchIsTheSameStep() throws {
    var net = net
    let data = try LabelledData(inputs: tensor(fixture.inputs), values: tensor(fixture.targets))
    let history = try net.fit(
      data, epochs: 1, optimizer: .sgd(learningRate: fixture.rate), loss: .meanSquaredError,
      options: FitOptions(batchSize: 2, shuffles: false))
    #expect(abs(history.losses[0] - fixture.loss) < 1e-12)
    let s = fixture.stepped
    expectParameters(net.parameters.map(\.parameter.value), s.weight1, s.bias1, s.weight2, s.bias2, "parameters")
    #expect(abs(try net.evaluate(data, loss: .meanSquaredError).loss - fixture.lossAfter) < 1e-12)
  }
}
