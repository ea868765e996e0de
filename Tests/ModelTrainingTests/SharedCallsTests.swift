import Autograd
import CharrnnTestSupport
import Foundation
import ModelTraining
import NeuralLayers
import RecurrentLayers
import TabularData
import TensorCheckpoints
import TensorCore
import Testing

/// A layer of a user's own.
private struct Scale<Scalar: TensorScalar>: Layer {
  var factor: Parameter<Scalar>

  init(_ width: Int) { factor = Parameter([width], .normal(1)) }

  func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    input * context.variable(factor)
  }

  mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&factor, "factor")
  }
}

/// Calls that feedforward and recurrent models share.
@Suite struct SharedCallsTests {
  private static func feedforward(seed: UInt64) -> Sequential<Double> {
    Sequential(seed: seed) {
      Flatten()
      Dense(6, 5, activation: .tanh)
      BatchNorm(5)
      Scale(5)
      Dense(5, 2)
    }
  }

  private static func recurrent(seed: UInt64) -> Sequential<Double> {
    Sequential(seed: seed) {
      Recurrent(GRUCell(input: 2, hidden: 4), GRUCell(input: 4, hidden: 4), returning: .all)
      Scale(4)
      Recurrent(LSTMCell(input: 4, hidden: 3))
      Dense(3, 2)
    }
  }

  private static let models: [@Sendable (UInt64) -> Sequential<Double>] = [feedforward, recurrent]

  /// Sequences of three steps of two numbers; the class says whether the last step's first number is positive.
  private static func data(_ count: Int, seed: UInt64) throws -> LabelledData<Double> {
    var random = RandomSource(seed: seed)
    let inputs = Tensor<Double>.normal([count, 3, 2], using: &random)
    return try LabelledData(inputs: inputs, classes: (0..<count).map { inputs[$0, 2, 0] > 0 ? 1 : 0 })
  }

  @Test(arguments: models.indices)
  func bothAreFittedSavedLoadedAndEvaluatedByTheSameCalls(index: Int) throws {
    let (training, test) = (try Self.data(120, seed: 1), try Self.data(60, seed: 2))
    var model = Self.models[index](1)
    let before = try model.evaluate(test, loss: .softmaxCrossEntropy, metrics: [.accuracy])
    try model.fit(
      training, epochs: 30, optimizer: .adam(learningRate: 0.02), loss: .softmaxCrossEntropy,
      metrics: [.accuracy], options: FitOptions(batchSize: 20))
    let found = try model.evaluate(test, loss: .softmaxCrossEntropy, metrics: [.accuracy])
    #expect(found.loss < before.loss && found[.accuracy]! > 0.9)

    let scratch = try ScratchDirectory()
    let file = scratch.path(of: "model.safetensors")
    try model.save(to: file)
    var other = Self.models[index](2)
    try other.load(from: file)
    #expect(other.parameters.map(\.parameter.value) == model.parameters.map(\.parameter.value))
    #expect(try other.evaluate(test, loss: .softmaxCrossEntropy, metrics: [.accuracy]) == found)
    #expect(other.predict(test.inputs) == model.predict(test.inputs))
  }

  /// Both are gradient-checked by the same call, in training and in inference.
  @Test(arguments: models.indices)
  func bothAreGradientCheckedByTheSameCall(index: Int) throws {
    let data = try Self.data(4, seed: 3)
    for mode in [ForwardMode.training, .inference] {
      let comparisons = GradientCheck.compare(
        Self.models[index](3), inputs: [(name: "input", value: data.inputs)], mode: mode
      ) { model, inputs, context in
        softmaxCrossEntropy(model(inputs[0], in: &context), targets: [0, 1, 1, 0], in: context)
      }
      #expect(comparisons.first?.name == "input")
      for comparison in comparisons {
        #expect(comparison.passes, "\(comparison.name): \(comparison.relativeError)")
      }
    }
  }

  @Test func aFileThatDoesNotFitIsRefusedByNameAndNothingChanges() throws {
    let scratch = try ScratchDirectory()
    let file = scratch.path(of: "model.safetensors")
    var model = Self.feedforward(seed: 1)
    let before = model.parameters.map(\.parameter.value)
    func expectRefusal(_ problem: SafetensorsError.Problem) {
      #expect(throws: SafetensorsError(file: file, problem: problem)) { try model.load(from: file) }
      #expect(model.parameters.map(\.parameter.value) == before)
    }
    try Sequential<Double> {
      Flatten()
      Dense(6, 5)
    }.save(to: file)
    expectRefusal(.missingTensor("2.weight"))
    try Sequential<Double> { Dense(6, 5) }.save(to: file)
    expectRefusal(.missingTensor("1.weight"))
    try Sequential<Double> {
      Flatten()
      Dense(6, 4)
    }.save(to: file)
    expectRefusal(.wrongShape(tensor: "1.weight", found: [4, 6], wanted: [5, 6]))
    var larger = Self.feedforward(seed: 1)
    larger.layers.append(Scale<Double>(2).drawn())
    try larger.save(to: file)
    expectRefusal(.unknownTensor("5.factor"))
  }

  @Test func aPrecisionIsConvertedOnLoadingAndMetadataAreKept() throws {
    let scratch = try ScratchDirectory()
    let file = scratch.path(of: "model.safetensors")
    let double = Sequential<Double>(seed: 4) { Dense(3, 2) }
    try double.save(to: file, metadata: ["made by": "a test"])
    #expect(try Checkpoint(contentsOf: file).metadata == ["made by": "a test"])
    var single = Sequential { Dense(3, 2) }
    try single.load(from: file)
    #expect(
      single.parameters.map(\.parameter.value.scalars)
        == double.parameters.map { $0.parameter.value.scalars.map { Float($0) } })
  }

  @Test func whatWasNeverDrawnIsNotSaved() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try Dense<Float>(2, 2).save(to: "/nowhere")
    }
    expectMessage("save: the values of weight were not drawn yet", from: result)
  }
}

extension Module {
  /// This module with values drawn.
  fileprivate func drawn() -> Self {
    var (copy, random) = (self, RandomSource(seed: 9))
    copy.initialize(using: &random)
    return copy
  }
}
