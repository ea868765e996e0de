import Autograd
import TensorCore

/// Backpropagation through time of a fused pass, truncated at its first step.
///
/// Steps are taken from the last to the first, in chunks. Over a chunk each thread computes the gradient of the
/// preactivations for its own rows of the batch; then the chunk is added to the gradients of the weights while it is in
/// the caches. Memory beside the results: the gradients of one chunk, and one more gradient of each weight.
struct FusedBackward<Scalar: TensorScalar> {
  private let record: FusedRecord<Scalar>
  /// A pullback holds tensors, never variables: no gradient flows through this one.
  private let request: SequenceRequest<Scalar>
  private let parameters: FusedParameters<Parameter<Scalar>>
  private let workspace: Workspace<Scalar>
  private let noGradients: FusedInputs<Tensor<Scalar>?>
  private let needsInputGradient: Bool

  /// - Parameter noGradients: nil for each input of the node.
  init(
    record: FusedRecord<Scalar>, request: SequenceRequest<Scalar>, parameters: FusedParameters<Parameter<Scalar>>,
    noGradients: FusedInputs<Tensor<Scalar>?>, workspace: Workspace<Scalar>
  ) {
    (self.record, self.parameters, self.noGradients, self.workspace) = (record, parameters, noGradients, workspace)
    needsInputGradient = request.sequence.variable?.isRecorded ?? false
    self.request = request.detached()
  }

  /// Gradients of the node's inputs from those of the outputs and of the final state. In a segment of a longer sequence
  /// the gradients of weights, of a table and of the state after resets follow with its first segment.
  func gradients(upstream: [Tensor<Scalar>?]) -> [Tensor<Scalar>?] {
    let plan = ChunkPlan(time: record.time, batch: record.batch, on: workspace.device)
    let (sequence, sums) = (request.sequence, request.segment?.sums)
    let later = sums?.cells[request.cell]
    let loop = BackwardLoop(
      record: record, parameters: parameters, plan: plan, dOutputs: upstream[0],
      dFinalState: Array(upstream.dropFirst()), later: later,
      needsInputGradient: needsInputGradient && sequence.areVectors, workspace: workspace)
    let weights = WeightSums(
      record, parameters, sequence, plan: plan, continuing: later?.weights, workspace: workspace)
    let team = workspace.team
    let barrier = ThreadBarrier(of: plan.needsBarrier(for: team) ? team.count : 1)
    team.run(keeping: (record, loop, weights)) { thread in
      let rows = team.part(of: record.batch, for: thread)
      for chunk in plan.chunks.reversed() {
        loop.backpropagate(chunk, rows: rows)
        weights.pack(chunk, thread: thread)
        barrier.wait()
        weights.add(loop, chunk, thread: thread)
        barrier.wait()
      }
    }
    var gradients = noGradients
    gradients.initialState = loop.dInitialState
    if sequence.areVectors { gradients.vectors? = loop.dInput }
    if let sums, request.firstStep > 0 {
      sums.cells[request.cell] = .init(
        weights: weights.soFar, parameters: loop.dParameters, resetState: loop.dResetState)
    } else {
      setWeightGradients(&gradients, weights, loop)
    }
    return gradients.inOrder
  }

  private func setWeightGradients(
    _ gradients: inout FusedInputs<Tensor<Scalar>?>, _ weights: WeightSums<Scalar>, _ loop: BackwardLoop<Scalar>
  ) {
    var own = loop.dParameters.map { columnSums($0, workspace: workspace) }
    let input = weights.input.sums(needsTable: needsInputGradient) { ofTable in
      guard let table = transformedTable else { return ofTable }
      let (products, sums) = table.gradients(ofTable)
      own! += columnSums(sums, workspace: workspace)
      return products
    }
    let recurrent = weights.recurrentSums()
    gradients.parameters.inputWeight = input.weight
    gradients.parameters.recurrentWeight? = recurrent.weight
    gradients.parameters.inputBias? = input.bias
    gradients.parameters.recurrentBias? = record.layout.separatesRecurrent ? recurrent.bias : input.bias
    gradients.parameters.projection? = weights.projection?.sums().weight
    if let own {
      var end = 0
      gradients.parameters.own = parameters.own.map { parameter in
        defer { end += parameter.shape.count }
        return own.rows(end..<end + parameter.shape.count).reshaped(parameter.shape.dimensions)
      }
    }
    if !request.sequence.areVectors { gradients.vectors? = input.table }
    gradients.resetState = loop.dResetState.map { columnSums($0, workspace: workspace) }
  }

  /// Table that the tokens looked up, made again, in cells that transform it.
  private var transformedTable: TransformedTable<Scalar>? {
    guard let transform = record.step.inputTransform else { return nil }
    let bias = parameters.foldedBias(separatesRecurrent: record.layout.separatesRecurrent)
    let products: Tensor<Scalar>
    switch request.sequence.content {
    case .vectors: return nil
    case .tokens: products = parameters.inputProducts(ofTokens: bias, workspace: workspace)
    case .embedded(_, let table): products = parameters.inputProducts(of: table.value, bias: bias, workspace: workspace)
    }
    return TransformedTable(products, by: transform, parameters: record.parameters!, workspace: workspace)
  }
}
