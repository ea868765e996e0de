import Autograd
import TensorCore

/// Backpropagation through time of a fused pass, truncated at its first step.
///
/// The loop over time finds ∂L/∂preactivations of every step; the gradients of the weights are then single products over all
/// steps, which is where they are accumulated over time.
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
    let through = throughTime(dOutputs: upstream[0], dFinal: Array(upstream.dropFirst()))
    let (dInputWeight, dInputBias) = inputGradients(through.gates)
    var result: [Tensor<Scalar>?] = through.initial
    result.append(dInputWeight)
    result.append(recurrentWeightGradient(through.recurrent ?? through.gates))
    if weights.inputBias != nil { result.append(dInputBias) }
    if weights.recurrentBias != nil {
      result.append(through.recurrent.map { columnSums($0, workspace: workspace) } ?? dInputBias)
    }
    if case .vectors = sequence { result.append(through.input) }
    return result
  }

  /// What the loop over time finds.
  private struct ThroughTime {
    /// ∂L/∂(initial state), each [B, H].
    var initial: [Tensor<Scalar>]
    /// ∂L/∂(x·W_ihᵀ + b_ih), [T, B, G·H].
    var gates: Tensor<Scalar>
    /// ∂L/∂(h·W_hhᵀ + b_hh), where it differs.
    var recurrent: Tensor<Scalar>?
    /// ∂L/∂x, [T, B, input], where it is wanted.
    var input: Tensor<Scalar>?
  }

  /// The loop from the last step to the first, each thread for its own rows of the batch. Small weights are used for ∂L/∂x at
  /// each step, while the step's gradients are in the cache; large ones once for all steps, after the loop.
  private func throughTime(dOutputs: Tensor<Scalar>?, dFinal: [Tensor<Scalar>?]) -> ThroughTime {
    let pool = workspace.pool
    let functions = record.functions
    let shape = record.gates.shape
    var result = ThroughTime(
      initial: zip(dFinal, record.initial).map { $0 ?? .zeros(like: $1) },
      gates: Tensor(uninitialized: shape, pool: pool),
      recurrent: functions.separatesRecurrent ? Tensor(uninitialized: shape, pool: pool) : nil)
    let recurrentWeight = workspace.packed(weights.recurrentWeight, transposed: false)
    let inputWeight = needsInputGradient ? workspace.packed(weights.inputWeight, transposed: false) : nil
    let isInputInLoop = inputWeight.map { FusedCache.holds($0, recurrentWeight) } ?? false
    if isInputInLoop {
      result.input = Tensor(uninitialized: [shape[0], shape[1], weights.inputSize], pool: pool)
    }

    let gates = result.gates.mutableMatrix()
    let recurrent = result.recurrent?.mutableMatrix() ?? gates
    let input = result.input?.mutableMatrix()
    let states = result.initial.indices.map { result.initial[$0].mutableMatrix() }
    workspace.team.split(record.batch) { rows in
      let dh = states[0].rows(rows)
      let dc = states.count > 1 ? states[1].rows(rows) : nil
      for t in (0..<record.time).reversed() {
        let now = record.rows(rows, at: t)
        if let dOutputs { dh.add(dOutputs.matrix().rows(now)) }
        let (dGates, dRecurrent) = (gates.rows(now), recurrent.rows(now))
        functions.backward(record.views(at: t, rows: rows), dh: dh, dc: dc, dGates: dGates, dRecurrent: dRecurrent)
        dh.setProduct(dRecurrent, recurrentWeight, accumulating: functions.separatesRecurrent)
        if let input, let inputWeight { input.rows(now).setProduct(dGates, inputWeight) }
      }
    }
    withExtendedLifetime((record, dOutputs, result)) {}
    if let inputWeight, !isInputInLoop {
      result.input = result.gates.matmul(inputWeight, team: workspace.team, pool: pool)
    }
    return result
  }

  /// ∂L/∂W_ih and ∂L/∂b_ih.
  private func inputGradients(_ dGates: Tensor<Scalar>) -> (weight: Tensor<Scalar>, bias: Tensor<Scalar>) {
    switch sequence {
    case .vectors(let input):
      return (outerProduct(dGates, input.value, workspace: workspace), columnSums(dGates, workspace: workspace))
    case .tokens(let grid):
      var table = Tensor<Scalar>.zeros([weights.inputSize, dGates.shape[-1]])
      let (target, source) = (table.mutableMatrix(), dGates.matrix())
      workspace.team.split(target.columns, unit: 64) { columns in
        target.columns(columns).scatterAddRows(grid.ids[...], source.columns(columns))
      }
      withExtendedLifetime((dGates, table)) {}
      return (table.transposed(), columnSums(table, workspace: workspace))
    }
  }

  /// Σ over t of dRecurrent(t)ᵀ·h(t − 1).
  private func recurrentWeightGradient(_ dRecurrent: Tensor<Scalar>) -> Tensor<Scalar> {
    let time = record.time
    let first = outerProduct(dRecurrent.row(0), record.initial[0], workspace: workspace)
    if time == 1 { return first }
    var sum = outerProduct(dRecurrent.rows(1..<time), record.hidden.rows(0..<time - 1), workspace: workspace)
    sum.addScaled(1, first)
    return sum
  }
}
