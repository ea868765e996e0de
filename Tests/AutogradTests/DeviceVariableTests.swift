import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// Variables on devices.
@Suite(.enabled(if: hasDevice))
struct DeviceVariableTests {
  private typealias Operation = @Sendable ([Variable<Double>], ForwardContext<Double>) -> Variable<Double>

  @Test func aVariableCarriesItsGradientFromDeviceToDevice() throws {
    let device = Device.openCL(try #require(testDevice))
    let (a, b) = (sample([3, 4], of: Double.self), sample([3, 4], seed: 2, of: Double.self))
    let tape = Tape<Double>()
    let (x, y) = (tape.watch(a), tape.watch(try b.on(device)))
    let there = try x.on(device)
    #expect(there.value.device == device)
    let back = try (there * y).on(.cpu)
    #expect(back.value == a * b)
    let gradients = (back * x).sum().gradients()
    #expect(gradients[x]?.device == .cpu && gradients[y]?.device == device)
    expectClose(try #require(gradients[x]), a * b * 2)
    expectClose(try #require(gradients[y]).on(.cpu), a.squared())
  }

  @Test func aVariableWhereItIsIsItself() throws {
    let device = Device.openCL(try #require(testDevice))
    let tape = Tape<Double>()
    let (here, there) = (tape.watch(.ones([2])), tape.watch(try Tensor<Double>.ones([2]).on(device)))
    _ = try (here.on(.cpu), there.on(device))
    #expect(tape.count == 0)
    #expect(try !Variable(there.value).on(.cpu).isRecorded, "a copy of a constant is one")
  }

  /// Values and gradients of operations, each of matrices [4, 6] and [6].
  private static let operations: [(name: String, apply: Operation)] = [
    ("arithmetic", { x, _ in (x[0] + x[1]) * x[0] - 2 * x[1] / (x[0] + 5) + 3 / (x[1] + 4) }),
    (
      "functions",
      { x, _ in (x[0].exp() + (x[0] + 3).log() + x[0].squared() + (x[0] + 3).squareRoot()) * x[1].absolute() }
    ),
    ("reciprocal", { x, _ in (x[0] + 3).reciprocal() * x[1] }),
    ("choices", { x, _ in Variable.maximum(x[0], x[1]) + Variable.minimum(x[0], x[1] * 2) }),
    (
      "activations", { x, _ in x[0].sigmoid() + x[0].tanh() + x[0].gelu() + x[0].silu() + x[1].softplus() + x[1].elu() }
    ),
    ("product", { x, _ in x[0].matmul(x[0].transposed()).tanh().matmul(x[0] * x[1]) }),
    ("reductions", { x, _ in x[0].sum(axis: 0) * x[1] + x[0].mean(axis: 1).sum() + (x[0] * x[1]).mean() }),
    ("maxima", { x, _ in x[0].max(axis: 1, keepingAxis: true) * x[1] + x[0].max(axis: 0) }),
    ("softmax", { x, _ in x[0].softmax() * x[1] + (x[0] + x[1]).logSoftmax() }),
    ("shaping", { x, _ in x[0].reshaped([2, 2, 6]).permuted([2, 0, 1]).reshaped([4, 6]) * x[1] }),
    ("slices", { x, _ in x[0].slice(axis: 1, 1..<4).tanh().sum() * x[0].row(2) * x[1] }),
    ("joining", { x, _ in .concatenate([x[0], x[0] * x[1]], axis: 1) + .stack([x[1], x[1]]).reshaped([12]) }),
    ("look-up", { x, _ in x[0].gatherRows([3, 0, 3, 1]) * x[1] }),
    ("columns", { x, context in x[0].gatherColumns([5, -1, 0, 5, 2, 1], in: context) * x[1] }),
    (
      "masks",
      { x, _ in
        x[0].keepingRows([true, false, true, true]) + x[0].keepingRows([false, true, true, false], else: x[0] * x[1])
      }
    ),
    ("normalization", { x, context in normalizedRows(x[0], epsilon: 1e-5, in: context) * x[1] }),
    (
      "units",
      { x, context in
        locallyLinear(x[0].reshaped([2, 2, 6]), weight: (x[0] * x[1]).reshaped([2, 2, 6]), in: context)
      }
    ),
  ]

  @Test(arguments: operations.indices)
  func operationsAndTheirGradientsAgreeWithTheHost(index: Int) throws {
    let (name, apply) = Self.operations[index]
    let (a, b) = (sample([4, 6], of: Double.self), sample([6], seed: 2, of: Double.self))
    try expectSame("\(name)", within: 1e-13) { device in
      let tape = Tape<Double>()
      let context = ForwardContext(tape: tape, workspace: Workspace(device: device))
      let inputs = [tape.watch(try a.on(device)), tape.watch(try b.on(device))]
      let result = apply(inputs, context)
      let gradients = projection(result).gradients()
      return [("value", result.value), ("first gradient", gradients[inputs[0]]), ("second", gradients[inputs[1]])]
    }
  }

  /// The message names both places and says what to do.
  @Test func operandsInTwoPlacesStopTheProgram() async throws {
    let sum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let there = try Tensor<Float>.ones([2]).on(.openCL(#require(testDevice)))
      _ = Variable(Tensor<Float>.ones([2])) + Variable(there)
    }
    let places = "operands are on the CPU and \(try #require(testDevice)); copy one of them with on(_:)"
    expectMessage("+: \(places)", from: sum)
    let joined = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let there = try Tensor<Float>.ones([2]).on(.openCL(#require(testDevice)))
      _ = Variable.concatenate([Variable(.ones([2])), Variable(there)], axis: 0)
    }
    expectMessage("concatenate: \(places)", from: joined)
    let product = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let there = try Tensor<Float>.ones([2, 2]).on(.openCL(#require(testDevice)))
      _ = Variable(Tensor<Float>.ones([2, 2])).matmul(Variable(there))
    }
    expectMessage("the CPU", from: product)
    expectMessage("\(try #require(testDevice))", from: product)
    let other = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let there = try Tensor<Float>.ones([2, 2]).on(.openCL(#require(testDevice)))
      _ = Variable(there).matmul(Variable(.ones([2, 2])))
    }
    expectMessage("the CPU", from: other)
    expectMessage("\(try #require(testDevice))", from: other)
    let loss = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let there = try Tensor<Float>.ones([2]).on(.openCL(#require(testDevice)))
      _ = meanSquaredError(Variable(there), Variable(.zeros([2])))
    }
    expectMessage("the CPU", from: loss)
    expectMessage("\(try #require(testDevice))", from: loss)
  }
}
