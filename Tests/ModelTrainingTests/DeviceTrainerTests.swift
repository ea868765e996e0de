import Autograd
import CharrnnTestSupport
import ModelTraining
import NeuralLayers
import TabularData
import TensorCore
import Testing

/// Steps on a device are those of the CPU, and those taken together are those taken one by one.
@Suite(.enabled(if: hasDevice))
struct DeviceTrainerTests {
  private static let clippings: [GradientClipping] = [.none, .norm(0.01), .value(0.01)]

  private func trainer(
    _ clipping: GradientClipping = .norm(0.01), on device: Device? = nil,
    fault: @escaping (Int) -> Fault = { _ in .none }
  ) throws -> Trainer<ExclusiveOr> {
    Trainer(
      model: Network(seed: 3), task: ExclusiveOr(fault: fault), optimizer: .adam(learningRate: 0.05),
      clipping: clipping, averaging: 0.5, seed: 1, device: try device ?? .openCL(#require(testDevice)))
  }

  /// What happens in so many steps, and how it ends where it does not go on; with the number of calls.
  private func events(
    of trainer: Trainer<ExclusiveOr>, steps: Int, atMost count: Int
  ) -> (events: [String], calls: Int) {
    var (found, calls) = ([String](), 0)
    do {
      while found.count < steps {
        found += try trainer.trainSteps(atMost: min(count, steps - found.count)).map { "\($0)" }
        calls += 1
      }
    } catch {
      found.append("\(error)")
    }
    return (found, calls)
  }

  @Test(arguments: clippings)
  func stepsAreThoseOfTheProcessor(_ clipping: GradientClipping) throws {
    let (here, there) = (try trainer(clipping, on: .cpu), try trainer(clipping))
    try here.train(steps: 30)
    try there.train(steps: 30)
    for (found, expected) in zip(there.model.scalars, here.model.scalars) { #expect(abs(found - expected) < 1e-9) }
    #expect(here.model.scalars != Network(seed: 3).scalars)
    let loss = try #require(there.validate(scheduled: false)).validationLoss
    #expect(abs(loss - (try #require(here.validate(scheduled: false)).validationLoss)) < 1e-9)
  }

  @Test(arguments: clippings)
  func stepsTakenTogetherAreThoseTakenOneByOne(_ clipping: GradientClipping) throws {
    let (single, together) = (try trainer(clipping), try trainer(clipping))
    let expected = events(of: single, steps: 230, atMost: 1)
    let found = events(of: together, steps: 230, atMost: 16)
    #expect(found.events == expected.events)
    #expect(expected.calls == 230 && found.calls < 30)
    #expect(together.model.scalars == single.model.scalars)
    #expect(together.validatedModel.scalars == single.validatedModel.scalars)
    #expect(together.progress == single.progress)
    #expect(together.task.carried == single.task.carried)
  }

  /// A step that is not sound, alone, or several until the run goes back, and at last ends.
  @Test(arguments: [Fault.nonFiniteLoss, .nonFiniteGradient, .hugeLoss])
  func unsoundStepsAreLookedAtOneByOne(_ fault: Fault) throws {
    func begin() throws -> Trainer<ExclusiveOr> {
      try trainer { [5, 23, 24].contains($0) || $0 >= 120 ? fault : .none }
    }
    let (single, together) = (try begin(), try begin())
    let expected = events(of: single, steps: 400, atMost: 1)
    let found = events(of: together, steps: 400, atMost: 16)
    #expect(found.events == expected.events)
    #expect(found.events.count { $0.hasPrefix("skipped") } > 3)
    #expect(found.events.contains { $0.hasPrefix("rolledBack") })
    #expect(found.calls < expected.calls)
    #expect(together.model.scalars == single.model.scalars)
    #expect(together.progress == single.progress)
  }

  /// Weights that are no longer finite after the last of some steps.
  @Test func anUpdateThatMakesTheParametersNonFiniteIsUndone() throws {
    func begin() throws -> Trainer<ExclusiveOr> {
      Trainer(
        model: Network(seed: 3), task: ExclusiveOr(), optimizer: .sgd(learningRate: 1e308), seed: 1,
        device: .openCL(try #require(testDevice)))
    }
    let expected = events(of: try begin(), steps: 50, atMost: 1)
    let found = events(of: try begin(), steps: 50, atMost: 16)
    #expect(found.events == expected.events)
    #expect(found.events.contains { $0.hasPrefix("rolledBack") })
  }

  /// Steps whose gradients and penalties are not those of the step before, or whose loss is computed on the host.
  @Test(arguments: [UnevenTask.Kind.parts, .onHost])
  func stepsOfSeveralKindsAreTakenTogether(_ kind: UnevenTask.Kind) throws {
    func begin() throws -> Trainer<UnevenTask> {
      Trainer(
        model: Network(seed: 3), task: UnevenTask(kind: kind), optimizer: .adam(learningRate: 0.05),
        clipping: .norm(0.01), seed: 1, device: .openCL(try #require(testDevice)))
    }
    let (single, together) = (try begin(), try begin())
    var (expected, found) = ([String](), [String]())
    for _ in 0..<60 { expected.append("\(try single.trainStep())") }
    while found.count < 60 { found += try together.trainSteps(atMost: min(16, 60 - found.count)).map { "\($0)" } }
    #expect(found == expected)
    #expect(together.model.scalars == single.model.scalars)
    #expect(single.model.scalars != Network(seed: 3).scalars)
  }

  /// A model that was moved there before is fitted and evaluated like any other.
  @Test func aModelOnADeviceIsFittedAndEvaluated() throws {
    let device = Device.openCL(try #require(testDevice))
    let net = Sequential<Float>(seed: 1) {
      Dense(2, 4, activation: .tanh)
      Dense(4, 1)
    }
    let data = try LabelledData(inputs: Tensor<Float>.ones([8, 2]), values: Tensor<Float>.ones([8, 1]))
    var (here, there) = (net, try net.on(device))
    for place in [Device.cpu, device] {
      let expected = try here.evaluate(data, loss: .meanSquaredError).loss
      #expect(abs(try there.evaluate(data, loss: .meanSquaredError, device: place).loss - expected) < 1e-6)
    }
    try here.fit(data, epochs: 3, loss: .meanSquaredError)
    try there.fit(data, epochs: 3, loss: .meanSquaredError, options: FitOptions(device: device))
    for (found, expected) in zip(there.parameters, here.parameters) {
      #expect(found.parameter.value.device == .cpu)
      #expect(found.parameter.value.largestDifference(to: expected.parameter.value) < 1e-5)
    }
  }

  /// A second fit after a failure, of a model with a layer that joins its parameters with what it reads.
  @Test func aFitOnADeviceThatHasFailedThrowsWhatFailed() async {
    await #expect(processExitsWith: .success) {
      let device = try #require(testDevice)
      let one = try Tensor<Float>.ones([1]).on(.openCL(device))
      _ = one.broadcast(to: [1 << 34, 1 << 10])
      let failure = try #require(device.failure)
      var model = Sequential<Float>(seed: 1) {
        Dense(2, 4)
        LayerNorm(4)
        Dense(4, 1)
      }
      let (inputs, targets) = (Tensor<Float>.ones([8, 2]), Tensor<Float>.ones([8, 1]))
      for validation in [FitOptions<Sequential<Float>>.Validation.none, .split(0.25)] {
        let error = #expect(throws: DeviceError.self) {
          try model.fit(
            inputs, targets, epochs: 2, loss: .meanSquaredError,
            options: FitOptions(validation: validation, device: .openCL(device)))
        }
        #expect("\(error!)" == "\(failure)")
      }
      #expect(model.parameters.allSatisfy { $0.parameter.value.device == .cpu })
    }
  }

  @Test func theProcessorTakesOneStepAtATime() throws {
    #expect(try trainer(on: .cpu).trainSteps(atMost: 16).count == 1)
  }
}

/// Learns exclusive or, in some steps with a penalty and without the hidden layer, or with the loss on the host.
struct UnevenTask: TrainingTask {
  enum Kind: Sendable { case parts, onHost }
  let stepsPerEpoch = 1
  let kind: Kind

  func loss(of model: Network, step: Int, in context: inout ForwardContext<Double>) -> Variable<Double> {
    let device = context.workspace.device
    let inputs = Variable(ExclusiveOr.inputs.copied(to: device))
    let targets = ExclusiveOr.targets
    if kind == .onHost { return meanSquaredError(model(inputs, in: &context).copied(to: .cpu), Variable(targets)) }
    guard step % 3 == 1 else {
      return meanSquaredError(model(inputs, in: &context), Variable(targets.copied(to: device)))
    }
    context.penalize(context.variable(model.output.weight).squared().sum())
    let hidden = Variable(Tensor<Double>.ones([4, 8]).copied(to: device))
    return meanSquaredError(model.output(hidden, in: &context), Variable(targets.copied(to: device)))
  }
}
