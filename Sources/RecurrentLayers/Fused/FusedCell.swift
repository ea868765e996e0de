import Autograd
import NeuralLayers
import TensorCore

/// A cell whose whole sequence runs in one tape node, with a hand-written backward pass.
///
/// The cell brings its parameters and its elementwise step; the engine does the rest. Each thread runs the loop over
/// time for its own rows of the batch without waiting for the others. The product of the input is computed in that loop
/// too, step by step: a thread needs nothing but its own rows, and one order serves weights of any size, because
/// products prefetch theirs.
protocol FusedCell<Scalar>: RecurrentCell {
  var fusedParameters: FusedParameters<Parameter<Scalar>> { get }
  var fusedStep: any FusedStep<Scalar> { get }
}

/// A wrapper of a cell that runs through the fused pass of the cell.
protocol FusedWrapper<Scalar>: RecurrentCell {
  /// Nil where the cell has no fused pass.
  var fusedCell: (any FusedCell<Scalar>)? { get }
  var zoneout: ZoneoutProbabilities { get }
}

extension RecurrentCell {
  /// Whether whole sequences run in one tape node.
  var isFused: Bool { self is any FusedCell<Scalar> || (self as? any FusedWrapper<Scalar>)?.fusedCell != nil }
}

extension FusedCell {
  public func run(
    _ request: SequenceRequest<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State) {
    runFused(request, from: state, zoneout: ZoneoutProbabilities(), in: &context)
  }

  /// Runs a whole sequence in one tape node.
  func runFused(
    _ request: SequenceRequest<Scalar>, from state: State, zoneout: ZoneoutProbabilities,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State) {
    let request = request.validated(inputSize: inputSize).withoutLongTable
    let (sequence, workspace) = (request.sequence, context.workspace)
    for (component, width) in zip(state.components, stateWidths) where component.shape != [sequence.batch, width] {
      shapeFailure("initial state", component.shape, [sequence.batch, width], hint: "it must be [batch, width]")
    }
    let forward = forwardPass(request, from: state.components.map { $0.value }, zoneout: zoneout, in: &context)
    workspace.team.split(sequence.batch, keeping: forward) { forward.loop.runSteps(rows: $0) }
    let inputs = FusedInputs(
      initialState: state.components, parameters: fusedParameters.map { [context] in context.variable($0) },
      vectors: sequence.variable, resetState: request.resetState)
    let backward = FusedBackward(
      record: forward.record, request: request, parameters: fusedParameters, noGradients: inputs.map { _ in nil },
      workspace: workspace)
    let results = Variable.operation(
      [forward.record.outputs] + forward.record.finalState(pool: workspace.pool), of: inputs.inOrder
    ) {
      backward.gradients(upstream: $0)
    }
    let outputs = sequence.lengths.map { results[0].withoutPadding($0) } ?? results[0]
    return (outputs, State(components: Array(results.dropFirst())))
  }

  /// Record and loop of a forward pass that is still to be run.
  ///
  /// - Parameter initialState: by component, [batch, width].
  func forwardPass(
    _ request: SequenceRequest<Scalar>, from initialState: [Tensor<Scalar>], zoneout: ZoneoutProbabilities,
    in context: inout ForwardContext<Scalar>
  ) -> (record: FusedRecord<Scalar>, loop: ForwardLoop<Scalar>) {
    let masks = ZoneoutMask.masks(for: request, widths: stateWidths, probabilities: zoneout, in: &context)
    let (workspace, parameters) = (context.workspace, fusedParameters)
    let record = FusedRecord(
      step: fusedStep, parameters: parameters, request: request, from: initialState, masks: masks, pool: workspace.pool)
    let input = InputProjection(request.sequence, record: record, parameters: parameters, workspace: workspace)
    return (record, ForwardLoop(record: record, input: input, parameters: parameters, workspace: workspace))
  }
}
