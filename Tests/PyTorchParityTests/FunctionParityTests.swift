import Autograd
import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

/// The fixture of `generate_functions.py`, which describes each list.
private struct FunctionFixture: Decodable {
  struct Activations: Decodable {
    struct Function: Decodable {
      let function: ActivationFunction
      let values, gradients: [Double]
    }
    let shape: [Int]
    let inputs, upstream: [Double]
    let functions: [Function]
  }
  struct Loss: Decodable {
    let loss: String
    let parameter: Double?
    let shape: [Int]
    let predictions, targets: [Double]
    let value: Double
    let gradient: [Double]
    let targetGradient: [Double]?
  }
  let activations: Activations
  let losses: [Loss]

  static func read() throws -> FunctionFixture {
    try JSONDecoder().decode(
      FunctionFixture.self, from: Data(contentsOf: Repository.fixture("functions.json")))
  }
}

/// Activations and losses, and their gradients, equal PyTorch's: in double precision to 1e-7, since the 1/6 and 1e-12 of
/// its own gradients (of the hard sigmoid, of binary cross entropy) are of single precision.
@Suite struct FunctionParityTests {
  @Test func activationsEqualPyTorch() throws {
    try checkActivations(Double.self, relative: 1e-7, absolute: 1e-12)
    try checkActivations(Float.self, relative: 1.3e-6, absolute: 1e-5)
  }

  @Test func lossesEqualPyTorch() throws {
    try checkLosses(Double.self, relative: 1e-7, absolute: 1e-12)
    try checkLosses(Float.self, relative: 1.3e-6, absolute: 1e-5)
  }
}

/// The same on a device.
@Suite(.enabled(if: hasDevice))
struct DeviceFunctionParityTests {
  private let device: Device

  init() throws { device = .openCL(try #require(testDevice)) }

  @Test func activationsEqualPyTorch() throws {
    try checkActivations(Double.self, on: device, relative: 1e-7, absolute: 1e-12)
    try checkActivations(Float.self, on: device, relative: 1.3e-6, absolute: 1e-5)
  }

  @Test func lossesEqualPyTorch() throws {
    try checkLosses(Double.self, on: device, relative: 1e-7, absolute: 1e-12)
    try checkLosses(Float.self, on: device, relative: 1.3e-6, absolute: 1e-5)
  }
}

private func checkActivations<Scalar: TensorScalar>(
  _: Scalar.Type, on device: Device = .cpu, relative: Double, absolute: Double
) throws {
  let fixture = try FunctionFixture.read().activations
  let shape = TensorShape(fixture.shape)
  let upstream: Tensor<Scalar> = try tensor(fixture.upstream, shape, on: device)
  for function in fixture.functions {
    let x = Tape<Scalar>().watch(try tensor(fixture.inputs, shape, on: device))
    let y = function.function(x)
    let place = "\(function.function), \(Scalar.self)"
    expectEqual(try function.function(x.value).on(.cpu), function.values, relative, absolute, place)
    expectEqual(try y.value.on(.cpu), function.values, relative, absolute, place)
    expectEqual(
      try y.gradients(seed: upstream)[x]?.on(.cpu), function.gradients, relative, absolute, "gradient of \(place)")
  }
}

private func checkLosses<Scalar: TensorScalar>(
  _: Scalar.Type, on device: Device = .cpu, relative: Double, absolute: Double
) throws {
  for (number, reference) in try FunctionFixture.read().losses.enumerated() {
    let tape = Tape<Scalar>()
    let predictions = tape.watch(try tensor(reference.predictions, TensorShape(reference.shape), on: device))
    let targets: Variable<Scalar>? =
      reference.targets.count == predictions.value.count
      ? try tape.watch(tensor(reference.targets, TensorShape(reference.shape), on: device)) : nil
    let loss = try #require(evaluate(reference, predictions, targets))
    let place = "loss \(number), \(reference.loss), \(Scalar.self)"
    expectEqual(try loss.value.on(.cpu), [reference.value], relative, absolute, place)
    let gradients = loss.gradients()
    expectEqual(try gradients[predictions]?.on(.cpu), reference.gradient, relative, absolute, "gradient of \(place)")
    if let expected = reference.targetGradient, let targets {
      expectEqual(try gradients[targets]?.on(.cpu), expected, relative, absolute, "target gradient of \(place)")
    }
  }
}

private func evaluate<Scalar: TensorScalar>(
  _ reference: FunctionFixture.Loss, _ x: Variable<Scalar>, _ t: Variable<Scalar>?
) -> Variable<Scalar>? {
  let context = ForwardContext(workspace: Workspace<Scalar>(device: x.value.device))
  let classes = { reference.targets.map { Int32($0) } }
  switch reference.loss {
  case "meanSquaredError": return meanSquaredError(x, t!)
  case "meanAbsoluteError": return meanAbsoluteError(x, t!)
  case "huber": return huber(x, t!, delta: reference.parameter!)
  case "binaryCrossEntropy": return binaryCrossEntropy(x, targets: t!.value)
  case "binaryCrossEntropyFromLogits": return binaryCrossEntropyFromLogits(x, targets: t!.value)
  case "hinge": return hinge(x, targets: t!.value)
  case "softmaxCrossEntropy": return softmaxCrossEntropy(x, targets: classes(), in: context)
  case "softmaxCrossEntropyOfDistributions": return softmaxCrossEntropy(x, distributions: t!.value)
  case "negativeLogLikelihood": return negativeLogLikelihood(x, targets: classes())
  case "kullbackLeibler": return kullbackLeibler(x, distributions: t!.value)
  default: return nil
  }
}

private func tensor<Scalar: TensorScalar>(
  _ values: [Double], _ shape: TensorShape, on device: Device
) throws -> Tensor<Scalar> {
  try Tensor(values.map { Scalar($0) }, shape: shape).on(device)
}
