import Autograd
import CharrnnTestSupport
import RecurrentLayers
import TensorCore
import Testing

/// Gates of one unit, seen through its state: with no weights but those of a gate, the state tells the gate's value.
@Suite struct GateActivationTests {
  /// The state h of a GRU after a step from h = 1 whose update gate reads x and whose candidate is 0: the gate's value.
  private func gate(_ activation: GateActivation, at x: [Double], unrolled: Bool) -> (
    value: [Double], gradient: [Double]
  ) {
    func run<Cell: RecurrentCell<Double>>(_ cell: Cell) -> ([Double], [Double]) {
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape)
      let input = tape.watch(Tensor(x, shape: [1, x.count, 1]))
      let state = Cell.State(components: [Variable(.ones([x.count, 1]))])
      let outputs = cell.run(.vectors(input), from: state, in: &context).outputs
      return (outputs.value.scalars, outputs.sum().gradients()[input]!.scalars)
    }
    var cell = GRUCell<Double>(input: 1, hidden: 1, gateActivation: activation, bias: false)
    cell.weights.inputWeight.value = Tensor([0, 1, 0], shape: [3, 1])
    cell.weights.recurrentWeight.value = .zeros([3, 1])
    return unrolled ? run(Unrolled(cell).bound()) : run(cell.bound())
  }

  private static let slopes = [0.2, 1.0 / 6, 0.5]

  @Test(arguments: slopes, [false, true])
  func aHardSigmoidIsALineBetweenItsCorners(slope: Double, unrolled: Bool) {
    let x = [-0.75, -0.25, 0, 0.25, 0.75].map { $0 / (2 * slope) }
    let found = gate(.hardSigmoid(slope: slope), at: x, unrolled: unrolled)
    for (value, expected) in zip(found.value, [0.125, 0.375, 0.5, 0.625, 0.875]) {
      #expect(abs(value - expected) < 1e-15)
    }
    #expect(found.gradient.allSatisfy { abs($0 - slope) < 1e-15 })
  }

  @Test(arguments: slopes, [false, true])
  func aHardSigmoidIsClippedBeyondItsCornersWithoutGradient(slope: Double, unrolled: Bool) {
    let x = [-100, -1.01, 1.01, 100].map { $0 / (2 * slope) }
    let found = gate(.hardSigmoid(slope: slope), at: x, unrolled: unrolled)
    #expect(found.value == [0, 0, 1, 1])
    #expect(found.gradient == [0, 0, 0, 0])
  }

  /// A slope of ½, whose corners are at ±1, exactly.
  @Test(arguments: [false, true])
  func theGradientAtTheCornersIsZero(unrolled: Bool) {
    let found = gate(.hardSigmoid(slope: 0.5), at: [-1, 1], unrolled: unrolled)
    #expect(found.value == [0, 1])
    #expect(found.gradient == [0, 0])
  }

  @Test(arguments: [false, true])
  func notANumberStaysOne(unrolled: Bool) {
    let found = gate(.hardSigmoid(slope: 0.5), at: [.nan], unrolled: unrolled)
    #expect(found.value[0].isNaN && found.gradient[0].isNaN)
  }

  @Test func aSlopeThatIsNotPositiveTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LSTMCell<Float>(input: 1, hidden: 1, gateActivation: .hardSigmoid(slope: 0))
    }
    expectMessage(
      "the gates of a recurrent cell cannot be a hard sigmoid of slope 0.0: the slope must be positive and finite",
      from: result)
  }
}
