import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Cells with layer normalization over whole sequences, against the unrolled cells.
@Suite struct LayerNormCellTests {
  enum Input: CaseIterable, Sendable { case vectors, tokens, table, longTable }

  /// A combination of sizes, lengths and initial state.
  private struct Case: CustomStringConvertible {
    let seed: UInt64
    let input: Input
    let (time, batch, features, hidden): (Int, Int, Int, Int)
    let steps: [Int]?
    let givenState: Bool

    init(seed: UInt64, input: Input) {
      var random = RandomSource(seed: seed)
      func size() -> Int { Int.random(in: 1...7, using: &random) }
      (self.seed, self.input, time, batch, features, hidden) = (seed, input, size(), size(), size(), size())
      let last = time
      steps = seed % 2 == 0 ? nil : (0..<batch).map { _ in Int.random(in: 1...last, using: &random) }
      givenState = seed % 3 != 0
    }

    var description: String {
      "\(input), T \(time), B \(batch), I \(features), H \(hidden), lengths \(steps ?? []), state \(givenState), seed \(seed)"
    }
  }

  /// A cell in which no two normalizations have the same epsilon and, if wanted, products have biases.
  private func cell(_ kind: SampleCell, _ c: Case, biased: Bool) -> any RecurrentCell<Double> {
    var random = RandomSource(seed: c.seed + 1000)
    func changed<Cell>(
      _ cell: Cell, _ weights: WritableKeyPath<Cell, GatedWeights<Double>>,
      _ norms: [WritableKeyPath<Cell, LayerNorm<Double>>]
    ) -> Cell {
      var cell = cell
      for (index, norm) in norms.enumerated() {
        var other = LayerNorm<Double>(cell[keyPath: norm].weight.shape[0], epsilon: 0.01 * Double(1 << index))
        (other.weight, other.bias) = (cell[keyPath: norm].weight, cell[keyPath: norm].bias)
        cell[keyPath: norm] = other
      }
      if biased {
        let rows = cell[keyPath: weights].inputWeight.shape[0]
        cell[keyPath: weights].inputBias = Parameter(.uniform([rows], in: -1..<1, using: &random))
        cell[keyPath: weights].recurrentBias = Parameter(.uniform([rows], in: -1..<1, using: &random))
      }
      return cell
    }
    switch kind.random(input: c.features, hidden: c.hidden, using: &random) {
    case let cell as LayerNormLSTMCell<Double>:
      return changed(cell, \.weights, [\.inputNorm, \.recurrentNorm, \.cellNorm])
    case let cell as LayerNormGRUCell<Double>:
      return changed(
        cell, \.weights, [\.inputNorm, \.recurrentNorm, \.inputCandidateNorm, \.recurrentCandidateNorm])
    case let cell: return cell
    }
  }

  /// Outputs, final state, and the gradients of everything.
  private func run<Cell: RecurrentCell<Double>>(
    _ cell: Cell, _ c: Case, threads: Int = 1
  ) throws -> [(name: String, value: Tensor<Double>)] {
    let cell = cell.bound()
    var random = RandomSource(seed: c.seed + 2000)
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape, workspace: Workspace(threads: threads))
    let lengths = try c.steps.map { try SequenceLengths($0, time: c.time) }
    let places = c.time * c.batch
    let rows = c.input == .tokens ? c.features : c.input == .table ? min(places, 3) : places + 1
    let ids = (0..<places).map { _ in Int32.random(in: 0..<Int32(rows), using: &random) }
    let grid = TokenGrid(ids: ids, time: c.time, batch: c.batch)
    let shape = c.input == .vectors ? [c.time, c.batch, c.features] : [rows, c.features]
    let x = tape.watch(.normal(TensorShape(shape), using: &random))
    let sequence: SequenceInput<Double> =
      switch c.input {
      case .vectors: .vectors(x, lengths: lengths)
      case .tokens: .tokens(grid, lengths: lengths)
      case .table, .longTable: .embedded(grid, table: x, lengths: lengths)
      }
    let initial = cell.stateWidths.map { width -> Variable<Double> in
      tape.watch(c.givenState ? .uniform([c.batch, width], in: -0.9..<0.9, using: &random) : .zeros([c.batch, width]))
    }
    let state = c.givenState ? Cell.State(components: initial) : cell.initialState(batchSize: c.batch, in: &context)
    let (outputs, final) = cell.run(sequence, from: state, in: &context)
    let gradients = loss(outputs, final.components, of: .both).gradients()
    var found = [("outputs", outputs.value)] + final.components.map { ("final", $0.value) }
    if c.givenState { found += initial.map { ("∂initial", gradients[$0]!) } }
    if c.input != .tokens { found.append(("∂input", gradients[x]!)) }
    return found + cell.parameters.map { ("∂\($0.name)", gradients[$0.parameter]!) }
  }

  @Test(arguments: [SampleCell.layerNormLSTM, .layerNormGRU], Input.allCases)
  func aWholeSequenceIsItsStepsWhateverIsRead(kind: SampleCell, input: Input) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ c: Case, biased: Bool) throws {
      let label: Comment = "\(c), biased \(biased)"
      let (fused, unrolled) = (try run(cell, c), try run(Unrolled(cell), c))
      #expect(fused.count == unrolled.count, label)
      for (a, b) in zip(fused, unrolled) {
        let size = Double.maximum(1, b.value.absolute().max().scalar)
        let difference = (a.value - b.value).absolute().max().scalar
        #expect(difference <= 1e-10 * size, "\(a.name) by \(difference), \(label)")
      }
      for threads in [2, 3] {
        let several = try run(cell, c, threads: threads)
        #expect(zip(several, fused).allSatisfy { $0.value == $1.value }, "\(threads) threads, \(label)")
      }
    }
    for seed in 1...24 as ClosedRange<UInt64> {
      let c = Case(seed: seed, input: input)
      let biased = seed % 4 == 0
      try check(cell(kind, c, biased: biased), c, biased: biased)
    }
  }

  @Test(arguments: [SampleCell.layerNormLSTM, .layerNormGRU], [false, true])
  func aSequenceOfAnyLengthIsOneNodeOnTheTape(kind: SampleCell, tokens: Bool) {
    func nodes<Cell: RecurrentCell<Double>>(_ cell: Cell, time: Int) -> Int {
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape)
      let sequence: SequenceInput<Double> =
        tokens
        ? .tokens(TokenGrid(ids: .init(repeating: 1, count: 2 * time), time: time, batch: 2))
        : .vectors(tape.watch(.ones([time, 2, 3])))
      let start = tape.count
      _ = cell.bound().run(sequence, from: cell.initialState(batchSize: 2, in: &context), in: &context)
      return tape.count - start
    }
    var random = RandomSource(seed: 1)
    let cell = kind.random(input: 3, hidden: 4, using: &random)
    for time in [1, 9] { #expect(nodes(cell, time: time) == 1, "\(time) steps") }
  }

  @Test func aNormalizationOfAnotherWidthTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var cell = LayerNormGRUCell<Float>(input: 2, hidden: 3)
      (cell.recurrentNorm, cell.recurrentCandidateNorm) = (LayerNorm(3), LayerNorm(6))
      var context = ForwardContext<Float>()
      let state = cell.initialState(batchSize: 1, in: &context)
      _ = cell.run(.vectors(Variable(.zeros([1, 1, 2]))), from: state, in: &context)
    }
    expectMessage("LayerNorm: shapes [6] and [3] do not fit", from: result)
  }
}
