import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Input and initial state of a run: T steps of B sequences, I inputs, H hidden units.
struct SequencePoint<Scalar: TensorScalar> {
  let input: Tensor<Scalar>
  let grid: TokenGrid
  /// The components of the initial state, as many as any cell has.
  let state: [Tensor<Scalar>]

  /// - Parameter cellSize: the width of c, where it is not that of h.
  init(
    time: Int, batch: Int, input: Int, hidden: Int, cellSize: Int? = nil, zeroState: Bool = false,
    using random: inout RandomSource
  ) {
    // However many inputs there are, their weighted sums stay where gates are not saturated.
    self.input = .normal(
      [time, batch, input], standardDeviation: 1 / Scalar(input).squareRoot(), using: &random)
    grid = TokenGrid(
      ids: (0..<time * batch).map { _ in Int32.random(in: 0..<Int32(input), using: &random) }, time: time, batch: batch)
    let widths = [hidden, cellSize ?? hidden, hidden, hidden]
    state = zip(["hidden", "cell", "normalizer", "stabilizer"], widths).map { name, width in
      zeroState
        ? .zeros([batch, width]) : .randomState(name, [batch, width], in: -0.9..<0.9, using: &random)
    }
  }
}

extension Tensor {
  /// A component of a state, by name: uniform in a range, but an sLSTM's normalizer, which divides, is positive, as in every
  /// state that it reaches.
  static func randomState(
    _ name: String, _ shape: TensorShape, in range: Range<Scalar>, using random: inout RandomSource
  ) -> Tensor {
    let drawn = Tensor.uniform(shape, in: range, using: &random)
    return name.contains("normalizer") ? drawn.absolute() + 0.5 : drawn
  }
}

/// Results and gradients of a run.
struct SequenceRun<Scalar: TensorScalar> {
  var names: [String] = []
  var tensors: [Tensor<Scalar>] = []

  /// Runs the cell and a backward pass from random gradients of the outputs and of the final state.
  init<Cell: RecurrentCell<Scalar>>(
    _ cell: Cell, on point: SequencePoint<Scalar>, tokens: Bool, lengths: SequenceLengths? = nil,
    resets: StateResets? = nil, mode: ForwardMode = .inference, threads: Int = 1, products: ProductFormat = .full,
    seed: UInt64
  ) {
    let workspace = Workspace<Scalar>(threads: threads, products: products)
    self.init(
      bound: cell.bound(), on: point, tokens: tokens, lengths: lengths, resets: resets, mode: mode,
      workspace: workspace, seed: seed)
  }

  /// As above, computed on a device.
  init<Cell: RecurrentCell<Scalar>>(
    _ cell: Cell, on point: SequencePoint<Scalar>, tokens: Bool, lengths: SequenceLengths? = nil,
    resets: StateResets? = nil, mode: ForwardMode = .inference, device: Device, launchesWholeSequences: Bool = false,
    seed: UInt64
  ) throws {
    let workspace = Workspace<Scalar>(device: device)
    workspace.launchesWholeSequences = launchesWholeSequences
    self.init(
      bound: try cell.bound().on(device), on: point, tokens: tokens, lengths: lengths, resets: resets, mode: mode,
      workspace: workspace, seed: seed)
  }

  private init<Cell: RecurrentCell<Scalar>>(
    bound cell: Cell, on point: SequencePoint<Scalar>, tokens: Bool, lengths: SequenceLengths?, resets: StateResets?,
    mode: ForwardMode, workspace: Workspace<Scalar>, seed: UInt64
  ) {
    let device = workspace.device
    let tape = Tape<Scalar>()
    var context = ForwardContext(
      tape: tape, mode: mode, random: RandomSource(seed: seed), workspace: workspace)
    let input = tape.watch(point.input.copied(to: device))
    let state = zip(Cell.State.componentNames, point.state).map { tape.watch($1.copied(to: device)) }
    var sequence: SequenceInput = tokens ? .tokens(point.grid, lengths: lengths) : .vectors(input, lengths: lengths)
    if let resets { sequence = sequence.resetting(at: resets) }
    let (outputs, final) = cell.run(sequence, from: .init(components: state), in: &context)

    var random = RandomSource(seed: seed)
    func weights(_ shape: TensorShape) -> Variable<Scalar> {
      Variable(Tensor.normal(shape, using: &random).copied(to: device))
    }
    var loss = (outputs * weights(outputs.shape)).sum()
    for component in final.components { loss = loss + (component * weights(component.shape)).sum() }
    let gradients = loss.gradients()

    add("outputs", outputs.value)
    for (name, component) in zip(Cell.State.componentNames, final.components) { add("final \(name)", component.value) }
    if !tokens { add("∂input", gradients[input]) }
    for (name, component) in zip(Cell.State.componentNames, state) { add("∂initial \(name)", gradients[component]) }
    for (name, parameter) in cell.parameters { add("∂\(name)", gradients[parameter]) }
  }

  private mutating func add(_ name: String, _ tensor: Tensor<Scalar>?) {
    names.append(name)
    tensors.append(tensor!.forHost())
  }

  /// The names of the tensors that differ from another run's by more than a tolerance, relative to their largest element.
  func differences(from other: SequenceRun, tolerance: Scalar) -> [String] {
    zip(names, zip(tensors, other.tensors)).compactMap { name, pair in
      let size = Scalar.maximum(1, pair.0.absolute().max().scalar)
      let difference = (pair.0 - pair.1).absolute().max().scalar
      return difference <= tolerance * size ? nil : "\(name) by \(difference)"
    }
  }

  /// The names of the tensors of which any bit differs from another run's.
  func differences(from other: SequenceRun) -> [String] {
    zip(names, zip(tensors, other.tensors)).compactMap { $1.0 == $1.1 ? nil : $0 }
  }
}
