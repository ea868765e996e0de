import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

@Suite struct ParameterTests {
  private func parameter(_ value: Tensor<Double>, slot: Int? = 0) -> Parameter<Double> {
    var parameter = Parameter(value)
    if let slot { parameter.bind(to: slot) }
    return parameter
  }

  private func address(_ parameter: Parameter<Double>) -> UInt {
    parameter.value.withScalars { UInt(bitPattern: $0.baseAddress) }
  }

  private func update(_ parameter: inout Parameter<Double>) {
    parameter.value.withMutableScalars { scalars in for i in scalars.indices { scalars[i] -= 0.5 } }
  }

  @Test func aParameterIsOneVariableHoweverOftenItIsUsed() {
    let tape = Tape<Double>()
    let context = ForwardContext(tape: tape)
    let weight = parameter(.ones([2]), slot: 3)
    let loss = (context.variable(weight) * context.variable(weight) + context.variable(weight)).sum()
    let gradients = loss.gradients()
    #expect(gradients[weight] == .full([2], 3))
    #expect(gradients[slot: 3] == .full([2], 3))
    #expect(gradients[context.variable(weight)] == .full([2], 3))
    #expect(gradients[parameter(.ones([2]), slot: 4)] == nil)
    #expect(gradients[parameter(.ones([2]), slot: nil)] == nil)
  }

  @Test func withoutATapeAParameterIsAConstant() {
    #expect(!ForwardContext<Double>().variable(parameter(.ones([2]), slot: nil)).isRecorded)
  }

  @Test func anUnboundParameterUnderATapeTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ForwardContext(tape: Tape<Double>()).variable(Parameter(.zeros([2, 3])))
    }
    expectMessage("a parameter of shape [2, 3] is used under a tape before its model was bound", from: result)
  }

  @Test func everyChangeOfAValueGivesANumberOfItsOwn() {
    var first = parameter(.ones([2]))
    var second = first
    #expect(first.generation == second.generation)
    update(&first)
    update(&second)
    #expect(first.value == second.value)
    #expect(first.generation != second.generation)
  }

  @Test func onceTheTapeIsDroppedAParameterIsUpdatedWhereItIs() {
    let workspace = Workspace<Double>()
    var (weight, bias) = (parameter(.ones([3, 4]), slot: 0), parameter(.ones([3]), slot: 1))
    let addresses = [address(weight), address(bias)]
    for _ in 0..<3 {
      let gradients = {
        let context = ForwardContext(tape: Tape<Double>(), workspace: workspace)
        let output = linear(Variable(.ones([2, 4])), weight: weight, bias: bias, in: context)
        return (output.tanh() * context.variable(bias)).sum().gradients()
      }()
      #expect(gradients[weight] != nil && gradients[bias] != nil)
      update(&weight)
      update(&bias)
      #expect([address(weight), address(bias)] == addresses)
    }
  }

  @Test func whileATapeHoldsItAnUpdatedParameterIsACopy() {
    let tape = Tape<Double>()
    let context = ForwardContext(tape: tape)
    let x = tape.watch(.ones([1, 2]))
    var weight = parameter(.full([3, 2], 2))
    let loss = linear(x, weight: weight, bias: nil, in: context).sum()
    let before = address(weight)
    update(&weight)
    #expect(address(weight) != before)
    #expect(weight.value == .full([3, 2], 1.5))
    // The gradient belongs to the value with which the loss was computed.
    #expect(loss.gradients()[x] == .full([1, 2], 6))
  }

  /// No memory is taken before a parameter is bound or changed: a model of terabytes can be counted.
  @Test func valuesThatNothingDrawsAreMadeWhenTheParameterIsBoundOrChanged() {
    for initializer in [Initializer.zeros, .constant(0.5), .lecunUniform] {
      #expect(Parameter<Float>([1 << 40], initializer).shape.count == 1 << 40)
    }
    let declared = Parameter<Float>([3], .constant(0.5))
    #expect(declared.isDrawn && declared.value.scalars == [0.5, 0.5, 0.5])
    var bound = declared
    bound.bind(to: 0)
    #expect(bound.value.scalars == [0.5, 0.5, 0.5] && bound.generation == declared.generation)
    var changed = declared
    changed.value *= 2
    #expect(changed.value.scalars == [1, 1, 1] && declared.value.scalars == [0.5, 0.5, 0.5])
  }
}
