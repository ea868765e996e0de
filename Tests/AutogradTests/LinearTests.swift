import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

@Suite struct LinearTests {
  static let inputShapes: [TensorShape] = [[3], [4, 3], [2, 5, 3], [2, 1, 2, 3]]

  @Test func withoutRowsTheGradientsAreZero() {
    let tape = Tape<Double>()
    let parameters = boundParameters([Tensor<Double>.ones([2, 3]), .ones([2])])
    let context = ForwardContext(tape: tape, workspace: Workspace<Double>(threads: 2))
    let gradients = output(tape.watch(.zeros([0, 3])), parameters, context).sum().gradients()
    #expect(parameters.map { gradients[$0] } == [.zeros([2, 3]), .zeros([2])])
  }

  @Test(arguments: inputShapes, [true, false])
  func linearHasNumericGradientsOfInputWeightAndBias(shape: TensorShape, hasBias: Bool) {
    for seed in gradientSeeds {
      var source = RandomSource(seed: seed)
      var points = [("input", random(shape, &source)), ("weight", random([2, 3], &source))]
      if hasBias { points.append(("bias", random([2], &source))) }
      let named = points.map { (name: $0.0, value: $0.1) }
      let workspace = Workspace<Double>(threads: 2)

      let tape = Tape<Double>()
      let input = tape.watch(points[0].1)
      let parameters = boundParameters(points.dropFirst().map(\.1))
      let loss = projection(output(input, parameters, ForwardContext(tape: tape, workspace: workspace)))
      let gradients = loss.gradients()
      let analytic = [gradients[input]!] + parameters.map { gradients[$0]! }

      let comparisons = GradientCheck.compare(named, analytic: analytic) { values in
        let parameters = boundParameters(Array(values.dropFirst()))
        return projection(output(Variable(values[0]), parameters, ForwardContext(workspace: workspace))).value.scalar
      }
      expectPassing(comparisons, "seed \(seed)")
    }
  }

  @Test(arguments: inputShapes)
  func linearIsAMatrixProductAndASum(shape: TensorShape) {
    var source = RandomSource(seed: 3)
    let (x, weight, bias) = (random(shape, &source), random([2, 3], &source), random([2], &source))
    let y = output(Variable(x), [Parameter(weight), Parameter(bias)], ForwardContext()).value
    let expected = x.reshaped([-1, 3]).matmul(weight, transposingOther: true) + bias
    #expect(y.shape.dimensions == shape.dimensions.dropLast() + [2])
    for (a, b) in zip(y.scalars, expected.scalars) { #expect(abs(a - b) < 1e-13) }
  }

  @Test func theGradientOfSomeColumnsIsThatPartOfTheWhole() {
    var source = RandomSource(seed: 6)
    let time = 600
    let (x, g) = (Tensor<Double>.normal([time, 9], using: &source), Tensor<Double>.normal([time, 4], using: &source))
    let workspace = Workspace<Double>()
    let plan = ChunkPlan(time: time, batch: 1)
    func sums(columns: Range<Int>?) -> Tensor<Double> {
      let gradient = WeightGradient(
        inputs: x, columns: columns, outputs: 4, plan: plan, hasBias: false, workspace: workspace)
      for chunk in plan.chunks.reversed() {
        gradient.pack(chunk, thread: 0)
        gradient.add([g.matrix().rows(chunk)], chunk, thread: 0)
      }
      return gradient.sums().weight
    }
    let whole = sums(columns: nil)
    for columns in [0..<3, 3..<8, 8..<9] { #expect(sums(columns: columns) == whole.slice(axis: 1, columns)) }
  }

  @Test func theNumberOfThreadsChangesNoBitOfOutputsAndGradients() {
    func results<Scalar: TensorScalar>(_ type: Scalar.Type, threads: Int) -> [Tensor<Scalar>] {
      var source = RandomSource(seed: 5)
      let tape = Tape<Scalar>()
      let input = tape.watch(.normal([13, 21], using: &source))
      let parameters = boundParameters([
        Tensor<Scalar>.normal([70, 21], using: &source), .normal([70], using: &source),
      ])
      let context = ForwardContext(tape: tape, workspace: Workspace(threads: threads))
      let output = linear(input, weight: parameters[0], bias: parameters[1], in: context)
      let gradients = output.gradients(seed: .normal(output.shape, using: &source))
      return [output.value, gradients[input]!] + parameters.map { gradients[$0]! }
    }
    for threads in [2, 3] {
      #expect(results(Double.self, threads: threads) == results(Double.self, threads: 1))
      #expect(results(Float.self, threads: threads) == results(Float.self, threads: 1))
    }
  }

  /// Rows of a weight give the columns of the whole output; its gradient is 0 elsewhere.
  @Test(arguments: [0..<4, 3..<7, 6..<10, 0..<10, 2..<2])
  func rowsOfAWeightGiveTheColumnsOfTheWholeOutput(rows: Range<Int>) {
    var source = RandomSource(seed: 6)
    let (x, values) = (
      Tensor<Double>.normal([5, 3], using: &source),
      [Tensor<Double>.normal([10, 3], using: &source), .normal([10], using: &source)]
    )
    func results(_ body: (Variable<Double>, [Parameter<Double>], ForwardContext<Double>) -> Variable<Double>)
      -> [Tensor<Double>]
    {
      let tape = Tape<Double>()
      let input = tape.watch(x)
      let parameters = boundParameters(values)
      let output = body(input, parameters, ForwardContext(tape: tape))
      let gradients = (output * output).sum().gradients()
      return [output.value, gradients[input]!] + parameters.map { gradients[$0]! }
    }
    let part = results { linear($0, weight: $1[0], bias: $1[1], rows: rows, in: $2) }
    let whole = results { linear($0, weight: $1[0], bias: $1[1], in: $2).slice(axis: 1, rows) }
    for (a, b) in zip(part, whole) { expectClose(a, b) }
  }

  @Test func aWorkspaceNoticesThatAParameterHasChanged() {
    let context = ForwardContext<Double>()
    var parameters = boundParameters([Tensor<Double>.identity(3)])
    let input = Variable(Tensor<Double>.ones([1, 3]))
    #expect(output(input, parameters, context).value == .ones([1, 3]))
    parameters[0].value *= 2
    #expect(output(input, parameters, context).value == .full([1, 3], 2))
    let other = boundParameters([Tensor<Double>.full([3, 3], 1)])
    #expect(output(input, other, context).value == .full([1, 3], 3))
    #expect(output(input, parameters, context).value == .full([1, 3], 2))
  }

  @Test func anInputOfAnotherWidthTrapsAndNamesBothShapes() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let weight = Parameter(Tensor<Double>.zeros([2, 3]))
      _ = linear(Variable(.zeros([2, 4])), weight: weight, bias: nil, in: ForwardContext())
    }
    expectMessage("linear: shapes [2, 4] and [2, 3] do not fit", from: result)
  }

  private func boundParameters<Scalar>(_ values: [Tensor<Scalar>]) -> [Parameter<Scalar>] {
    values.enumerated().map { slot, value in
      var parameter = Parameter(value)
      parameter.bind(to: slot)
      return parameter
    }
  }

  private func output(
    _ input: Variable<Double>, _ parameters: [Parameter<Double>], _ context: ForwardContext<Double>
  ) -> Variable<Double> {
    linear(input, weight: parameters[0], bias: parameters.count > 1 ? parameters[1] : nil, in: context)
  }
}
