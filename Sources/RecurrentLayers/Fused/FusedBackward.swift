import Autograd
import TensorCore

/// Backpropagation through time of a fused pass, truncated at its first step.
///
/// The steps are taken from the last to the first in stretches. Over a stretch each thread finds ∂L/∂preactivations for its own
/// rows of the batch without waiting for the others; then all of them add the stretch to the gradients of the weights, each to
/// its own part, while it is in the caches. Memory beside the results: that of one stretch.
struct FusedBackward<Scalar: TensorScalar> {
  let record: FusedRecord<Scalar>
  let sequence: SequenceInput<Scalar>
  let weights: GatedWeights<Scalar>
  let needsInputGradient: Bool
  let workspace: Workspace<Scalar>

  init(
    record: FusedRecord<Scalar>, sequence: SequenceInput<Scalar>, weights: GatedWeights<Scalar>,
    needsInputGradient: Bool, workspace: Workspace<Scalar>
  ) {
    self.record = record
    self.weights = weights
    self.needsInputGradient = needsInputGradient
    self.workspace = workspace
    // A pullback holds tensors, never variables.
    if case .vectors(let input) = sequence {
      self.sequence = .vectors(input.detached())
    } else {
      self.sequence = sequence
    }
  }

  /// From the gradients of the outputs and of the final state to those of the initial state, W_ih, W_hh, b_ih, b_hh (where
  /// there are such) and the input (where it consists of vectors).
  func gradients(upstream: [Tensor<Scalar>?]) -> [Tensor<Scalar>?] {
    let stretches = WeightGradient<Scalar>.stretches(of: record.time * record.batch, unit: record.batch)
    let separates = record.functions.separatesRecurrent
    let steps = BackwardSteps(
      record: record, weights: weights, dOutputs: upstream[0], dFinal: Array(upstream.dropFirst()),
      longest: stretches[0].count, needsInputGradient: needsInputGradient, workspace: workspace)
    let recurrent = WeightGradient(
      inputs: record.hidden.reshaped([-1, weights.hiddenSize]), outputs: record.width, stretches: stretches,
      hasBias: separates && weights.recurrentBias != nil, workspace: workspace)
    let input = InputGradient(
      sequence, weights: weights, width: record.width, stretches: stretches, workspace: workspace)
    let team = workspace.team
    let barrier = ThreadBarrier(of: team.count)
    team.run { thread in
      let rows = team.part(of: record.batch, for: thread)
      for stretch in stretches.reversed() {
        steps.run(stretch, rows: rows)
        recurrent.pack(stretch, thread: thread)
        input.pack(stretch, thread: thread)
        barrier.wait()
        recurrent.add(steps.recurrentGradients(of: stretch), stretch, thread: thread)
        input.add(steps.gateGradients(of: stretch), stretch, thread: thread)
        barrier.wait()
      }
    }
    let (inputWeight, inputBias) = input.results()
    var result: [Tensor<Scalar>?] = steps.dInitial + [inputWeight, recurrent.weight]
    if weights.inputBias != nil { result.append(inputBias) }
    if weights.recurrentBias != nil { result.append(separates ? recurrent.bias : inputBias) }
    if case .vectors = sequence { result.append(steps.dInput) }
    return result
  }
}

/// The loop over time itself: from the gradients of outputs and final state to those of the preactivations, the initial state
/// and, where it is wanted, the input.
private struct BackwardSteps<Scalar: TensorScalar> {
  /// ∂L/∂(initial state), each [B, H].
  let dInitial: [Tensor<Scalar>]
  /// ∂L/∂x, [T, B, input], where it is wanted.
  let dInput: Tensor<Scalar>?

  private let record: FusedRecord<Scalar>
  private let dOutputs: Tensor<Scalar>?
  private let recurrentWeight: PackedMatrix<Scalar>
  private let inputWeight: PackedMatrix<Scalar>?
  private let scratch: [Tensor<Scalar>]
  private let dStates: [MatrixView<Scalar>]
  private let dInputView: MatrixView<Scalar>?
  /// ∂L/∂(x·W_ihᵀ + b_ih) over a stretch, and ∂L/∂(h·W_hhᵀ + b_hh), which may be the same.
  private let (dGates, dRecurrent): (MatrixView<Scalar>, MatrixView<Scalar>)

  /// - Parameter longest: the rows of the longest stretch.
  init(
    record: FusedRecord<Scalar>, weights: GatedWeights<Scalar>, dOutputs: Tensor<Scalar>?, dFinal: [Tensor<Scalar>?],
    longest: Int, needsInputGradient: Bool, workspace: Workspace<Scalar>
  ) {
    let pool = workspace.pool
    (self.record, self.dOutputs) = (record, dOutputs)
    recurrentWeight = workspace.packed(weights.recurrentWeight, transposed: false)
    inputWeight = needsInputGradient ? workspace.packed(weights.inputWeight, transposed: false) : nil

    var states = dFinal.map { $0 ?? .zeros([record.batch, weights.hiddenSize]) }
    dStates = states.indices.map { states[$0].mutableMatrix() }
    var input =
      needsInputGradient
      ? Tensor<Scalar>(uninitialized: [record.time, record.batch, weights.inputSize], pool: pool) : nil
    dInputView = input?.mutableMatrix()
    (dInitial, dInput) = (states, input)

    // A row is a cache line longer than it need be: columns whose elements lie a power of two apart share few cache sets.
    let line = 64 / MemoryLayout<Scalar>.stride
    var scratch = (0..<(record.functions.separatesRecurrent ? 2 : 1)).map { _ in
      Tensor<Scalar>(uninitialized: [longest, record.width + line], pool: pool)
    }
    let views = scratch.indices.map { scratch[$0].mutableMatrix().columns(0..<record.width) }
    (dGates, dRecurrent) = (views[0], views[views.count - 1])
    self.scratch = scratch
  }

  /// ∂L/∂(x·W_ihᵀ + b_ih) over a stretch, [rows, G·H].
  func gateGradients(of stretch: Range<Int>) -> MatrixView<Scalar> { dGates.rows(0..<stretch.count) }

  /// ∂L/∂(h·W_hhᵀ + b_hh) over a stretch, [rows, G·H].
  func recurrentGradients(of stretch: Range<Int>) -> MatrixView<Scalar> { dRecurrent.rows(0..<stretch.count) }

  /// Goes through the steps of a stretch, from the last to the first, for some rows of the batch.
  func run(_ stretch: Range<Int>, rows: Range<Int>) {
    let functions = record.functions
    let dh = dStates[0].rows(rows)
    let dc = dStates.count > 1 ? dStates[1].rows(rows) : nil
    for t in (stretch.lowerBound / record.batch..<stretch.upperBound / record.batch).reversed() {
      let now = record.rows(rows, at: t)
      let inStretch = now.lowerBound - stretch.lowerBound..<now.upperBound - stretch.lowerBound
      let (dGates, dRecurrent) = (self.dGates.rows(inStretch), self.dRecurrent.rows(inStretch))
      if let dOutputs { dh.add(dOutputs.matrix().rows(now)) }
      functions.backward(record.views(at: t, rows: rows), dh: dh, dc: dc, dGates: dGates, dRecurrent: dRecurrent)
      dh.setProduct(dRecurrent, recurrentWeight, accumulating: functions.separatesRecurrent)
      if let dInputView, let inputWeight { dInputView.rows(now).setProduct(dGates, inputWeight) }
    }
  }
}

/// The gradients of W_ih and b_ih, from vectors or from tokens.
private enum InputGradient<Scalar: TensorScalar> {
  case vectors(WeightGradient<Scalar>)
  /// The gradient of the table that stands for the product with one-hot vectors, [tokens, G·H].
  case tokens(ids: [Int32], table: Tensor<Scalar>, view: MatrixView<Scalar>, workspace: Workspace<Scalar>)

  init(
    _ sequence: SequenceInput<Scalar>, weights: GatedWeights<Scalar>, width: Int, stretches: [Range<Int>],
    workspace: Workspace<Scalar>
  ) {
    switch sequence {
    case .vectors(let input):
      self = .vectors(
        WeightGradient(
          inputs: input.value.reshaped([-1, weights.inputSize]), outputs: width, stretches: stretches,
          hasBias: weights.inputBias != nil || weights.recurrentBias != nil, workspace: workspace))
    case .tokens(let grid):
      var table = Tensor<Scalar>.zeros([weights.inputSize, width])
      let view = table.mutableMatrix()
      self = .tokens(ids: grid.ids, table: table, view: view, workspace: workspace)
    }
  }

  func pack(_ stretch: Range<Int>, thread: Int) {
    if case .vectors(let gradient) = self { gradient.pack(stretch, thread: thread) }
  }

  func add(_ g: MatrixView<Scalar>, _ stretch: Range<Int>, thread: Int) {
    switch self {
    case .vectors(let gradient): gradient.add(g, stretch, thread: thread)
    case .tokens(let ids, _, let view, let workspace):
      let part = workspace.team.part(of: view.columns, unit: 16, for: thread)
      view.columns(part).scatterAddRows(ids[stretch], g.columns(part))
    }
  }

  func results() -> (weight: Tensor<Scalar>, bias: Tensor<Scalar>?) {
    switch self {
    case .vectors(let gradient): (gradient.weight, gradient.bias)
    case .tokens(_, let table, _, let workspace): (table.transposed(), columnSums(table, workspace: workspace))
    }
  }
}
