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
    let (dInitial, dGates, dRecurrent) = throughTime(dOutputs: upstream[0], dFinal: Array(upstream.dropFirst()))
    var result: [Tensor<Scalar>?] = dInitial
    result.append(inputWeightGradient(dGates))
    result.append(recurrentWeightGradient(dRecurrent))
    let (hasInputBias, hasRecurrentBias) = (weights.inputBias != nil, weights.recurrentBias != nil)
    if hasInputBias || hasRecurrentBias {
      let dBias = columnSums(dGates, workspace: workspace)
      if hasInputBias { result.append(dBias) }
      if hasRecurrentBias {
        result.append(record.functions.separatesRecurrent ? columnSums(dRecurrent, workspace: workspace) : dBias)
      }
    }
    if case .vectors = sequence {
      result.append(
        needsInputGradient
          ? dGates.matmul(
            workspace.packed(weights.inputWeight, transposed: false), team: workspace.team, pool: workspace.pool) : nil)
    }
    return result
  }

  /// The loop from the last step to the first, each thread for its own rows of the batch.
  private func throughTime(
    dOutputs: Tensor<Scalar>?, dFinal: [Tensor<Scalar>?]
  ) -> (dInitial: [Tensor<Scalar>], dGates: Tensor<Scalar>, dRecurrent: Tensor<Scalar>) {
    let pool = workspace.pool
    let functions = record.functions
    var dGates = Tensor<Scalar>(uninitialized: record.gates.shape, pool: pool)
    var dRecurrent = functions.separatesRecurrent ? Tensor<Scalar>(uninitialized: record.gates.shape, pool: pool) : nil
    var dStates = zip(dFinal, record.initial).map { $0 ?? .zeros(like: $1) }
    let recurrentWeight = workspace.packed(weights.recurrentWeight, transposed: false)

    let gatesView = dGates.mutableMatrix()
    let recurrentView = dRecurrent?.mutableMatrix() ?? gatesView
    let stateViews = dStates.indices.map { dStates[$0].mutableMatrix() }
    let batch = record.batch
    workspace.team.split(batch) { rows in
      let dh = stateViews[0].rows(rows)
      let dc = stateViews.count > 1 ? stateViews[1].rows(rows) : nil
      for t in (0..<record.time).reversed() {
        let now = t * batch + rows.lowerBound..<t * batch + rows.upperBound
        if let dOutputs { dh.add(dOutputs.matrix().rows(now)) }
        let dRecurrent = recurrentView.rows(now)
        functions.backward(
          record.views(at: t, rows: rows), dh: dh, dc: dc, dGates: gatesView.rows(now), dRecurrent: dRecurrent)
        dh.setProduct(dRecurrent, recurrentWeight, accumulating: functions.separatesRecurrent)
      }
    }
    withExtendedLifetime((record, dOutputs, dGates, dRecurrent, dStates)) {}
    return (dStates, dGates, dRecurrent ?? dGates)
  }

  private func inputWeightGradient(_ dGates: Tensor<Scalar>) -> Tensor<Scalar> {
    switch sequence {
    case .vectors(let input): return outerProduct(dGates, input.value, workspace: workspace)
    case .tokens(let grid):
      var table = Tensor<Scalar>.zeros([weights.inputSize, dGates.shape[-1]])
      let (target, source) = (table.mutableMatrix(), dGates.matrix())
      workspace.team.split(target.columns, unit: 64) { columns in
        target.columns(columns).scatterAddRows(grid.ids[...], source.columns(columns))
      }
      withExtendedLifetime((dGates, table)) {}
      return table.transposed()
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
