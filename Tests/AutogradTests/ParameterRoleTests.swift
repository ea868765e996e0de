import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// Parameters without values, and parameters that are not trained.
@Suite struct ParameterRoleTests {
  @Test func aParameterIsDrawnOnceItsValuesAreKnown() {
    #expect(Parameter<Double>(.ones([2])).isDrawn)
    for initializer in [Initializer.zeros, .constant(3), .identity, .stacked([.zeros, .constant(1)])] {
      let parameter = Parameter<Double>([2, 2], initializer)
      var random = RandomSource(seed: 1)
      #expect(parameter.isDrawn && parameter.value == initializer([2, 2], using: &random), "\(initializer)")
    }
    for initializer in [Initializer.normal(1), .glorotUniform, .orthogonal, .stacked([.zeros, .heNormal])] {
      let parameter = Parameter<Double>([2, 2], initializer)
      #expect(!parameter.isDrawn, "\(initializer)")
      var (drawn, random, same) = (parameter, RandomSource(seed: 1), RandomSource(seed: 1))
      drawn.draw(using: &random)
      #expect(drawn.isDrawn && drawn.value == initializer([2, 2], using: &same), "\(initializer)")
      var set = parameter
      set.value = .zeros([2, 2])
      #expect(set.isDrawn, "\(initializer)")
    }
  }

  @Test func oneOfGivenValuesIsNotDrawnAgain() {
    var (parameter, random) = (Parameter<Double>(.ones([2])), RandomSource(seed: 1))
    parameter.draw(using: &random)
    #expect(parameter.value == .ones([2]))
    var untouched = RandomSource(seed: 1)
    #expect(random.next() == untouched.next())
  }

  @Test func oneWithoutValuesCannotBeUsed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ForwardContext<Double>().variable(Parameter([2, 3], .normal(1)))
    }
    expectMessage("a parameter of shape [2, 3] is used before its values were drawn", from: result)
  }

  @Test func aStatisticIsAConstantThatAPassMayGiveANewValue() {
    var statistic = Parameter<Double>(.ones([2]), role: .statistic)
    statistic.bind(to: 4)
    var context = ForwardContext(tape: Tape<Double>(), mode: .training)
    #expect(!context.variable(statistic).isRecorded)
    context.update(statistic, to: .full([2], 5))
    #expect(context.statistics.values == [4: .full([2], 5)])
    #expect(statistic.value == .ones([2]))
  }

  @Test func onlyABoundStatisticOfTheSameShapeIsUpdated() async {
    let trained = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      context.update(Parameter(.ones([2])), to: .ones([2]))
    }
    expectMessage("update: a parameter of shape [2] is no statistic", from: trained)
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      context.update(Parameter(.ones([2]), role: .statistic), to: .ones([3]))
    }
    expectMessage("update of a statistic: shapes [2] and [3] do not fit", from: shape)
    let unbound = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      context.update(Parameter(.ones([2]), role: .statistic), to: .ones([2]))
    }
    expectMessage("a parameter of shape [2] is used in training before its model was bound", from: unbound)
  }
}
