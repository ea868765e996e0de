import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Results of a run that enter a loss.
enum LossTerms: CaseIterable, Sendable {
  case outputs, finalState, both
}

func loss(_ outputs: Variable<Double>, _ state: [Variable<Double>], of terms: LossTerms) -> Variable<Double> {
  let fromState = state.enumerated().map { projection($1, seed: UInt64($0 + 1)) }
  switch terms {
  case .outputs: return projection(outputs, seed: 0)
  case .finalState: return fromState.dropFirst().reduce(fromState[0], +)
  case .both: return fromState.reduce(projection(outputs, seed: 0), +)
  }
}

/// Expects the numeric gradients of input, initial state and every parameter of a run over a sequence, computed on a device.
func expectGradients<Cell: RecurrentCell<Double>>(
  of cell: Cell, on point: SequencePoint<Double>, device: Device = .cpu, tokens: Bool, terms: LossTerms, _ label: String
) {
  var inputs = zip(Cell.State.componentNames, point.state).map { (name: "initial \($0)", value: $1) }
  if !tokens { inputs.append(("input", point.input)) }
  let comparisons = GradientCheck.compare(cell, inputs: inputs, on: device) { cell, inputs, context in
    let state = Cell.State(components: Array(inputs.prefix(Cell.State.componentNames.count)))
    let sequence: SequenceInput<Double> = tokens ? .tokens(point.grid) : .vectors(inputs[inputs.count - 1])
    let (outputs, final) = cell.run(sequence, from: state, in: &context)
    return loss(outputs, final.components, of: terms)
  }
  expectPassing(comparisons, "\(label), \(tokens ? "tokens" : "vectors"), \(terms)")
}

func unrolled<Cell: RecurrentCell<Double>>(_ cell: Cell) -> any RecurrentCell<Double> { Unrolled(cell) }

@Suite struct GradientTests {
  @Test(arguments: SampleCell.allCases, LossTerms.allCases)
  func fusedGradientsAreNumericOnes(kind: SampleCell, terms: LossTerms) {
    // Without biases, and for tokens, what the loss is computed from makes no difference.
    for (seed, biases) in zip([1, 2] as [UInt64], [Biases.both, .none]) where biases == .both || terms == .both {
      var random = RandomSource(seed: seed)
      // Two units of ReLU may both be inactive, and have no gradient.
      let (time, hidden) = (amount(debug: 3, release: 4), amount(debug: kind == .elmanReLU ? 3 : 2, release: 3))
      let cell = kind.random(input: 3, hidden: hidden, biases: biases, using: &random)
      let point = SequencePoint<Double>(time: time, batch: 2, input: 3, hidden: hidden, using: &random)
      for tokens in terms == .both ? [false, true] : [false] {
        expectGradients(of: cell, on: point, tokens: tokens, terms: terms, "\(biases) biases, seed \(seed)")
      }
    }
  }

  @Test(arguments: SampleCell.swept)
  func unrolledGradientsAreNumericOnes(kind: SampleCell) {
    let cases: [(UInt64, Biases, LossTerms)] = [(3, .both, .outputs), (4, .none, .finalState), (5, .both, .both)]
    for (seed, biases, terms) in cases {
      var random = RandomSource(seed: seed)
      let cell = unrolled(kind.random(input: 2, hidden: 2, biases: biases, using: &random))
      let point = SequencePoint<Double>(
        time: amount(debug: 2, release: 3), batch: 2, input: 2, hidden: 2, using: &random)
      for tokens in sweep(debug: [terms == .outputs], release: [false, true]) {
        expectGradients(of: cell, on: point, tokens: tokens, terms: terms, "\(biases) biases, seed \(seed)")
      }
    }
  }

  @Test(arguments: SampleCell.swept, [false, true])
  func gradientsOfAStackWithDropoutAreNumericOnes(kind: SampleCell, isUnrolled: Bool) {
    let (time, width) = (amount(debug: 2, release: 3), amount(debug: 2, release: 3))
    func check<Cell: RecurrentCell<Double>>(_ below: Cell, seed: UInt64) {
      var random = RandomSource(seed: seed)
      let above = kind.random(input: width, hidden: 2, using: &random) as! Cell
      if isUnrolled {
        check(StackedRecurrent([Unrolled(below), Unrolled(above)], dropout: 0.4), using: &random, seed: seed)
      } else {
        check(StackedRecurrent([below, above], dropout: 0.4), using: &random, seed: seed)
      }
    }
    func check<Cell: RecurrentCell<Double>>(
      _ stack: StackedRecurrent<Cell>, using random: inout RandomSource, seed: UInt64
    ) {
      let names = Cell.State.componentNames
      let point = SequencePoint<Double>(time: time, batch: 2, input: 2, hidden: 1, using: &random)
      var inputs = [(name: "input", value: point.input)]
      for (layer, cell) in stack.cells.enumerated() {
        for name in names {
          let state = Tensor.randomState(name, [2, cell.hiddenSize], in: -0.9..<0.9, using: &random)
          inputs.append(("initial \(name) \(layer)", state))
        }
      }
      let comparisons = GradientCheck.compare(stack, inputs: inputs, mode: .training) { stack, inputs, context in
        let state = stack.cells.indices.map { layer in
          Cell.State(components: Array(inputs[(1 + layer * names.count)...].prefix(names.count)))
        }
        let (outputs, final) = stack.run(.vectors(inputs[0]), from: state, in: &context)
        return loss(outputs, final.flatMap(\.components), of: .both)
      }
      expectPassing(comparisons, "seed \(seed)")
    }
    var random = RandomSource(seed: 5)
    let below: any RecurrentCell<Double> = kind.random(input: 2, hidden: width, using: &random)
    check(below, seed: 6)
  }
}
