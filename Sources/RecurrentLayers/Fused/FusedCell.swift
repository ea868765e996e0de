import Autograd
import NeuralLayers
import TensorCore

/// A cell whose whole sequence runs in one tape node, with a backward pass written by hand.
///
/// Each thread runs the loop over time for its own rows of the batch without waiting for the others. The product of the input
/// is computed in that loop, step by step, like that of the state: a thread needs nothing but its own rows, and one order
/// serves weights of any size, because products fetch theirs ahead of their use.
protocol FusedCell<Scalar>: RecurrentCell {
  var weights: GatedWeights<Scalar> { get set }
  var functions: GateFunctions { get }
  /// The weights through which i, f and o see the cell state, [hidden] each; none, unless the cell says otherwise.
  var peepholes: [Parameter<Scalar>] { get }
  /// What is normalized; nothing, unless the cell says otherwise. Such a cell has gate functions of its own.
  var norms: CellNorms<Scalar>? { get }
}

/// A cell that may stand around one with a fused pass, and then runs through it.
protocol FusedForm<Scalar>: RecurrentCell {
  var fusedCell: (any FusedCell<Scalar>)? { get }
  var probabilities: ZoneoutProbabilities { get }
}

extension RecurrentCell {
  /// Whether whole sequences run in one tape node.
  var isFused: Bool { self is any FusedCell<Scalar> || (self as? any FusedForm<Scalar>)?.fusedCell != nil }
}

extension FusedCell {
  public var inputSize: Int { weights.inputSize }
  public var hiddenSize: Int { weights.outputSize }
  var peepholes: [Parameter<Scalar>] { [] }
  var norms: CellNorms<Scalar>? { nil }
  /// All of them, one after the other; nil where there are none.
  var allPeepholes: Tensor<Scalar>? { peepholes.isEmpty ? nil : .concatenate(peepholes.map(\.value)) }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {
    body(&weights.recurrentWeight)
  }

  public func run(
    _ sequence: SequenceInput<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State) {
    run(sequence, from: state, keeping: ZoneoutProbabilities(), in: &context)
  }

  /// Runs a whole sequence in which elements of the state may keep their values from step to step.
  func run(
    _ sequence: SequenceInput<Scalar>, from state: State, keeping probabilities: ZoneoutProbabilities,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State) {
    let sequence = sequence.validated(inputSize: inputSize).withoutLongTable
    let workspace = context.workspace
    for (component, width) in zip(state.components, stateWidths) where component.shape != [sequence.batch, width] {
      shapeFailure("initial state", component.shape, [sequence.batch, width], hint: "it must be [batch, width]")
    }
    let initial = state.components.map { $0.value }
    let (record, steps) = parts(of: sequence, from: initial, keeping: probabilities, in: &context)
    workspace.team.split(record.batch, keeping: steps) { steps.run(rows: $0) }
    let inputs = inputs(sequence, from: state, in: context)
    let backward = FusedBackward(
      record: record, sequence: sequence, weights: weights, withoutGradients: inputs.map { _ in nil },
      workspace: workspace)
    let results = Variable.operation([record.outputs] + record.final(pool: workspace.pool), of: inputs.inOrder) {
      backward.gradients(upstream: $0)
    }
    let outputs = sequence.lengths.map { results[0].withoutPadding($0) } ?? results[0]
    return (outputs, State(components: Array(results.dropFirst())))
  }

  /// All through which gradients flow.
  private func inputs(
    _ sequence: SequenceInput<Scalar>, from state: State, in context: borrowing ForwardContext<Scalar>
  ) -> FusedInputs<Variable<Scalar>> {
    func variable(_ parameter: Parameter<Scalar>) -> Variable<Scalar> { context.variable(parameter) }
    return FusedInputs(
      initial: state.components, inputWeight: variable(weights.inputWeight),
      recurrentWeight: variable(weights.recurrentWeight), inputBias: weights.inputBias.map(variable),
      recurrentBias: weights.recurrentBias.map(variable), projection: weights.projection.map(variable),
      peepholes: peepholes.map(variable), norms: (norms?.parameters ?? []).map(variable), vectors: sequence.variable,
      beginning: sequence.beginning)
  }

  /// The forward pass over a sequence, which is still to be run.
  ///
  /// - Parameter initial: h and, where there is one, c before the first step, [batch, width].
  func parts(
    of sequence: SequenceInput<Scalar>, from initial: [Tensor<Scalar>], keeping probabilities: ZoneoutProbabilities,
    in context: inout ForwardContext<Scalar>
  ) -> (record: FusedRecord<Scalar>, steps: ForwardSteps<Scalar>) {
    let masks = ZoneoutMask.masks(for: sequence, widths: stateWidths, probabilities: probabilities, in: &context)
    let workspace = context.workspace
    let input = inputProjection(sequence, workspace: workspace)
    let record = FusedRecord(of: self, over: sequence, from: initial, masks: masks, pool: workspace.pool)
    return (record, ForwardSteps(record: record, input: input, weights: weights, workspace: workspace))
  }

  private func inputProjection(
    _ sequence: SequenceInput<Scalar>, workspace: Workspace<Scalar>
  ) -> InputProjection<Scalar> {
    switch sequence.content {
    case .vectors(let input):
      .product(
        input: input.value, weight: workspace.packed(weights.inputWeight, transposed: true), bias: foldedBias)
    case .tokens(let grid):
      .lookUp(
        ids: grid.ids,
        table: workspace.table(of: tableParameters) {
          inputTable(weights.tokenProducts(bias: foldedBias, workspace: workspace), workspace: workspace)
        })
    case .embedded(let grid, let table):
      .lookUp(
        ids: grid.ids,
        table: inputTable(
          weights.products(table.value, bias: foldedBias, workspace: workspace), workspace: workspace))
    }
  }

  /// What is looked up for tokens, [tokens, G·H].
  private func inputTable(_ products: Tensor<Scalar>, workspace: Workspace<Scalar>) -> Tensor<Scalar> {
    norms.map { NormalizedTable(products, $0.input, workspace: workspace).rows } ?? products
  }

  /// What the table for one-hot vectors is made of.
  private var tableParameters: [Parameter<Scalar>] {
    [weights.inputWeight] + [weights.inputBias, weights.recurrentBias].compactMap { $0 }
      + (norms?.input ?? []).flatMap { [$0.weight, $0.bias] }
  }

  /// The biases that are added before the time loop: those there are, unless the cell keeps the recurrent one apart.
  var foldedBias: Tensor<Scalar>? {
    let recurrentBias = functions.separatesRecurrent ? nil : weights.recurrentBias
    let biases = [weights.inputBias, recurrentBias].compactMap { $0?.value }
    return biases.count == 2 ? biases[0] + biases[1] : biases.first
  }
}

extension GatedWeights {
  /// W_ihᵀ + b, [input, G·H]: the projection of each one-hot vector.
  func tokenProducts(bias: Tensor<Scalar>?, workspace: Workspace<Scalar>) -> Tensor<Scalar> {
    transposed(inputWeight.value, addingToRows: bias, workspace: workspace)
  }

  /// x·W_ihᵀ + b of the rows of a table, [tokens, G·H].
  func products(_ table: Tensor<Scalar>, bias: Tensor<Scalar>?, workspace: Workspace<Scalar>) -> Tensor<Scalar> {
    affine(table, workspace.packed(inputWeight, transposed: true), bias: bias, workspace: workspace)
  }
}
