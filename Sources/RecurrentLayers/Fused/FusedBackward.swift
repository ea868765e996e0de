import Autograd
import TensorCore

/// Backpropagation through time of a fused pass, truncated at its first step.
///
/// The steps are taken from the last to the first in stretches. Over a stretch each thread finds ∂L/∂preactivations for its own
/// rows of the batch; then the stretch is added to the gradients of the weights while it is in the caches. Memory beside the
/// results: that of one stretch, and one more gradient of each weight.
struct FusedBackward<Scalar: TensorScalar> {
  let record: FusedRecord<Scalar>
  let sequence: SequenceInput<Scalar>
  let weights: GatedWeights<Scalar>
  let workspace: Workspace<Scalar>
  /// The gradients of the inputs, none of them known yet.
  private let withoutGradients: FusedInputs<Tensor<Scalar>?>
  private let needsInputGradient: Bool

  init(
    record: FusedRecord<Scalar>, sequence: SequenceInput<Scalar>, weights: GatedWeights<Scalar>,
    withoutGradients: FusedInputs<Tensor<Scalar>?>, workspace: Workspace<Scalar>
  ) {
    self.withoutGradients = withoutGradients
    self.record = record
    self.weights = weights
    self.workspace = workspace
    needsInputGradient = sequence.variable?.isRecorded ?? false
    // A pullback holds tensors, never variables.
    self.sequence = sequence.detached()
  }

  /// From the gradients of the outputs and of the final state to those of the node's inputs. In a part of a sequence those of
  /// weights, of a table and of what sequences that forget begin with follow with its first steps.
  func gradients(upstream: [Tensor<Scalar>?]) -> [Tensor<Scalar>?] {
    let plan = StretchPlan(time: record.time, batch: record.batch)
    let separates = record.functions.separatesRecurrent
    let hasBias = weights.inputBias != nil || weights.recurrentBias != nil
    let part = sequence.part
    let later = part.flatMap { $0.sums?.cells[$0.place] }
    let steps = BackwardSteps(
      record: record, weights: weights, plan: plan, dOutputs: upstream[0], dFinal: Array(upstream.dropFirst()),
      later: later, needsInputGradient: needsInputGradient && sequence.areVectors, workspace: workspace)
    let candidate = record.resetHidden.map {
      WeightGradient(
        inputs: $0, outputs: weights.outputSize, plan: plan, hasBias: false, continuing: later?.candidate,
        workspace: workspace)
    }
    let recurrent = WeightGradient(
      inputs: record.hidden.read,
      outputs: candidate == nil ? record.width : 2 * weights.outputSize, plan: plan, hasBias: hasBias && separates,
      continuing: later?.recurrent, workspace: workspace)
    let projection = record.units.map {
      WeightGradient(
        inputs: $0, outputs: weights.outputSize, plan: plan, hasBias: false, continuing: later?.projection,
        workspace: workspace)
    }
    let input = InputWeightGradient(
      sequence, weights: weights, width: record.width, plan: plan, hasBias: hasBias, continuing: later?.input,
      workspace: workspace)
    let team = workspace.team
    let barrier = ThreadBarrier(of: plan.areLanesShared(by: team) ? team.count : 1)
    team.run(keeping: (record, steps, recurrent, input, projection, candidate)) { thread in
      let rows = team.part(of: record.batch, for: thread)
      for stretch in plan.stretches.reversed() {
        steps.run(stretch, rows: rows)
        recurrent.pack(stretch, thread: thread)
        input.pack(stretch, thread: thread)
        projection?.pack(stretch, thread: thread)
        candidate?.pack(stretch, thread: thread)
        barrier.wait()
        recurrent.add(steps.dRecurrent, stretch, thread: thread)
        input.add(steps.dGates, stretch, thread: thread)
        projection?.add(steps.dProjected, stretch, thread: thread)
        candidate?.add(steps.dGates.map { $0.columns($0.columns / 3 * 2..<$0.columns) }, stretch, thread: thread)
        barrier.wait()
      }
    }
    var gradients = withoutGradients
    gradients.initial = steps.dInitial
    if sequence.areVectors { gradients.vectors? = steps.dInput }
    if let part, let sums = part.sums, part.start > 0 {
      sums.cells[part.place] = .init(
        recurrent: recurrent.sumsSoFar, input: input.sumsSoFar, projection: projection?.sumsSoFar,
        candidate: candidate?.sumsSoFar, peepholes: steps.dPeepholes, norms: steps.dNorms, beginning: steps.dBeginning)
      return gradients.inOrder
    }
    var normsOfTokens: Tensor<Scalar>?
    let inputSums = input.sums(needsTable: needsInputGradient) { ofTable in
      guard let table = normalizedTable else { return ofTable }
      let ofTokens = table.gradients(ofTable)
      normsOfTokens = ofTokens.sums
      return ofTokens.products
    }
    let recurrentSums = recurrent.sums()
    gradients.inputWeight = inputSums.weight
    gradients.recurrentWeight =
      candidate.map { .concatenate([recurrentSums.weight, $0.sums().weight]) } ?? recurrentSums.weight
    gradients.inputBias? = inputSums.bias
    gradients.recurrentBias? = separates ? recurrentSums.bias : inputSums.bias
    gradients.projection? = projection?.sums().weight
    if let each = steps.dPeepholes {
      let (sums, width) = (columnSums(each, workspace: workspace), each.shape[1] / 3)
      gradients.peepholes = (0..<3).map { sums.rows($0 * width..<($0 + 1) * width) }
    }
    if let norms = record.norms, let each = steps.dNorms {
      gradients.norms = norms.gradients(ofSequences: each, ofTokens: normsOfTokens, workspace: workspace)
    }
    if !sequence.areVectors { gradients.vectors? = inputSums.table }
    gradients.beginning = steps.dBeginning.map { columnSums($0, workspace: workspace) }
    return gradients.inOrder
  }

  /// What was looked up for tokens, made again, in cells that normalize it.
  private var normalizedTable: NormalizedTable<Scalar>? {
    guard let norms = record.norms else { return nil }
    let bias = weights.inputBias?.value
    let products: Tensor<Scalar>
    switch sequence.content {
    case .vectors: return nil
    case .tokens: products = weights.tokenProducts(bias: bias, workspace: workspace)
    case .embedded(_, let table): products = weights.products(table.value, bias: bias, workspace: workspace)
    }
    return NormalizedTable(products, norms.layers.input, workspace: workspace)
  }
}
