import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// Counts calls from within a pullback.
private final class Counter {
  var count = 0
}

@Suite struct TapeTests {
  @Test(arguments: [1, 2, 3, 50])
  func theUsesOfAVariableAddUp(uses: Int) {
    let tape = Tape<Double>()
    let x = tape.watch(Tensor([2, -3], shape: [2]))
    var sum = x.squared()
    for _ in 1..<uses { sum = sum + x.squared() }
    #expect(sum.sum().gradients()[x] == Tensor([4, -6], shape: [2]) * Double(uses))
  }

  @Test func accumulatingChangesNoGradientThatIsSharedWithAnother() {
    let tape = Tape<Double>()
    let (x, y) = (tape.watch(.ones([3])), tape.watch(.ones([3])))
    // The pullback of + hands one and the same tensor to both operands; x gets more.
    let loss = (x + y).sum() + (x * 5).sum() + x.sum()
    let gradients = loss.gradients()
    #expect(gradients[x] == .full([3], 7))
    #expect(gradients[y] == .ones([3]))
  }

  @Test func aPullbackWhoseOutputsAreNotUsedIsSkipped() {
    let tape = Tape<Double>()
    let x = tape.watch(.ones([2]))
    let counter = Counter()
    func counted(_ x: Variable<Double>) -> Variable<Double> {
      .operation(x.value, of: [x]) {
        counter.count += 1
        return [$0]
      }
    }
    let used = counted(x)
    _ = counted(counted(x))
    #expect(tape.count == 3)
    #expect(used.sum().gradients()[x] == .ones([2]))
    #expect(counter.count == 1)
  }

  @Test func aPullbackOfSeveralOutputsIsToldWhichAreUsed() {
    let tape = Tape<Double>()
    let x = tape.watch(Tensor([2, 3], shape: [2]))
    var seen: [[Bool]] = []
    let halves = Variable.operation([x.value.rows(0..<1), x.value.rows(1..<2)], of: [x]) { upstream in
      seen.append(upstream.map { $0 != nil })
      return [.concatenate(upstream.map { $0 ?? .zeros([1]) })]
    }
    #expect(halves[1].squared().sum().gradients()[x] == Tensor([0, 6], shape: [2]))
    #expect(halves[0].squared().sum().gradients()[x] == Tensor([4, 0], shape: [2]))
    #expect((halves[0] * halves[1]).sum().gradients()[x] == Tensor([3, 2], shape: [2]))
    #expect(seen == [[false, true], [true, false], [true, true]])
  }

  @Test func aPullbackMayLeaveOutTheGradientOfAnInput() {
    let tape = Tape<Double>()
    let (x, y) = (tape.watch(.ones([2])), tape.watch(.ones([2])))
    let sum = Variable.operation(x.value + y.value, of: [x, y]) { [$0, nil] }.sum()
    #expect(sum.gradients()[x] == .ones([2]))
    #expect(sum.gradients()[y] == nil)
  }

  @Test func whatTheLossDoesNotDependOnHasNoGradient() {
    let tape = Tape<Double>()
    let (x, y) = (tape.watch(.ones([2])), tape.watch(.ones([2])))
    _ = y.squared()
    let gradients = (x + y.detached()).sum().gradients()
    #expect(gradients[x] == .ones([2]))
    #expect(gradients[y] == nil)
    #expect(gradients[Variable(.ones([2]))] == nil)
    #expect(gradients[slot: 0] == nil)
  }

  @Test func theGradientOfAWatchedLossIsItsSeed() {
    let tape = Tape<Double>()
    let x = tape.watch(Tensor(3))
    #expect(x.gradients()[x]?.scalar == 1)
    let vector = tape.watch(.ones([2]))
    #expect(vector.gradients(seed: Tensor([4, 5], shape: [2]))[vector] == Tensor([4, 5], shape: [2]))
  }

  @Test func aSeedGivesAVectorJacobianProduct() {
    let tape = Tape<Double>()
    let x = tape.watch(Tensor([1, 2, 3], shape: [3]))
    let gradients = x.squared().gradients(seed: Tensor([1, 10, 100], shape: [3]))
    #expect(gradients[x] == Tensor([2, 40, 600], shape: [3]))
  }

  @Test func gradientsMayBeAskedForAgain() {
    let tape = Tape<Double>()
    let x = tape.watch(Tensor([1, 2], shape: [2]))
    let loss = x.squared().sum()
    let first = loss.gradients()[x]
    #expect(loss.gradients()[x] == first)
    #expect((loss * 2).gradients()[x] == first.map { $0 * 2 })
  }

  @Test func aLongChainIsFollowedAndReleasedWithoutRecursion() {
    weak var released: Tape<Double>?
    do {
      let tape = Tape<Double>()
      released = tape
      let x = tape.watch(.ones([1]))
      var y = x
      for _ in 0..<100_000 { y = -y }
      #expect(tape.count == 100_000)
      #expect(y.gradients(seed: .ones([1]))[x] == .ones([1]))
    }
    #expect(released == nil)
  }

  @Test func noOperationKeepsItsTapeAlive() {
    weak var released: Tape<Double>?
    do {
      let tape = Tape<Double>()
      released = tape
      var context = ForwardContext(tape: tape, mode: .training)
      var weight = Parameter(Tensor<Double>.ones([3, 4]))
      weight.bind(to: 0)
      let x = tape.watch(.ones([2, 4]))
      var y = dropout(linear(x, weight: weight, bias: nil, in: context), probability: 0.5, in: &context)
      for operation in UnaryOperation.all { y = operation.apply(y) }
      for operation in BinaryOperation.all { y = operation.apply(y, y) }
      y = .concatenate([y, y.slice(axis: 1, 0..<1)], axis: 1).transposed().reshaped([2, 4])
      y = .stack([y.row(0), y.row(1)]).gatherRows([0, 1, 1]).matmul(tape.watch(.ones([4, 3])))
      y = y.softmax() + y.logSoftmax() + y.mean(axis: 0) + y.sum(axis: 1, keepingAxis: true)
      let loss = softmaxCrossEntropy(y, targets: [0, 1, 2], in: context) + meanSquaredError(y, y.detached())
      #expect(loss.gradients()[x] != nil)
    }
    #expect(released == nil)
  }

  @Test func variablesOfTwoTapesTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tape<Double>().watch(.ones([1])) + Tape<Double>().watch(.ones([1]))
    }
    expectMessage("an operation mixes variables of two tapes", from: result)
  }

  @Test func aGradientAskedForWithAVariableOfAnotherTapeTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let gradients = Tape<Double>().watch(.ones([2])).sum().gradients()
      _ = gradients[Tape<Double>().watch(.ones([2]))]
    }
    expectMessage("stands on another tape", from: result)
  }

  @Test func parametersOfModelsBoundApartCannotShareATape() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var (a, b) = (Parameter<Double>(.ones([2])), Parameter<Double>(.ones([2])))
      a.bind(to: 0)
      b.bind(to: 0)
      let context = ForwardContext<Double>(tape: Tape())
      _ = context.variable(a) + context.variable(b)
    }
    expectMessage("two parameters claim slot 0", from: result)
  }

  @Test func aLossThatIsNotASingleNumberTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tape<Double>().watch(.ones([2])).gradients()
    }
    expectMessage("a loss is a single number, this variable has the shape [2]", from: result)
  }

  @Test func aLossThatDependsOnNothingTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Variable<Double>(Tensor(1)).gradients()
    }
    expectMessage("the variable does not depend on anything on a tape", from: result)
  }

  @Test func aSeedOfAnotherShapeTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tape<Double>().watch(.ones([2])).gradients(seed: .ones([3]))
    }
    expectMessage("gradients: shapes [2] and [3] do not fit", from: result)
  }

  @Test func aPullbackThatReturnsTooFewGradientsTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let tape = Tape<Double>()
      let (x, y) = (tape.watch(Tensor(1)), tape.watch(Tensor(1)))
      _ = Variable.operation(x.value + y.value, of: [x, y]) { [$0] }.gradients()
    }
    expectMessage("a pullback returned 1 gradients", from: result)
  }

  @Test func aPullbackThatReturnsAGradientOfAnotherShapeTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let tape = Tape<Double>()
      let (matrix, row) = (tape.watch(.ones([2, 3])), tape.watch(.ones([3])))
      // The sum over the axis along which the row was repeated is missing.
      _ = Variable.operation(matrix.value + row.value, of: [matrix, row]) { [$0, $0] }.sum().gradients()
    }
    expectMessage("shapes [2, 3] and [3] do not fit", from: result)
  }
}
