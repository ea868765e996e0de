import Autograd
import NeuralLayers
import TensorCore

extension StackedRecurrent {
  /// Outputs of the top layer that a pass returns: those of all steps, or of the last.
  enum Wanted { case all, last }

  /// Runs a sequence and keeps its activations, or recomputes them in the backward pass, as the options say.
  func runPass(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]?, taking wanted: Wanted,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    let state = validated(state, batch: sequence.batch, in: &context)
    let stack = droppingWeights(in: &context)
    if options.recomputes && context.tape != nil {
      return stack.runLayersRecomputing(sequence, from: state, taking: wanted, in: &context)
    }
    return stack.runLayers(SequenceRequest(sequence), from: state, taking: wanted, in: &context)
  }

  /// Runs a sequence through all layers and returns the outputs of each. Activations are kept, whatever the options say of
  /// recomputing them.
  ///
  /// - Parameter state: as for `run`.
  /// - Returns: outputs of the layers, the lowest first, each [time, batch, width], before dropout; and every cell's state after
  ///   its last step.
  public func runEveryLayer(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>
  ) -> (outputs: [Variable<Scalar>], state: [Cell.State]) {
    let state = validated(state, batch: sequence.batch, in: &context)
    var outputs: [Variable<Scalar>] = []
    let last = droppingWeights(in: &context).runLayers(
      SequenceRequest(sequence), from: state, taking: .all, in: &context, below: { outputs.append($0) })
    return (outputs + [last.outputs], last.state)
  }

  /// The state to begin with: the one given, or the initial one.
  private func validated(
    _ state: [Cell.State]?, batch: Int, in context: inout ForwardContext<Scalar>
  ) -> [Cell.State] {
    let state = state ?? initialState(batchSize: batch, in: &context)
    require(
      state.count == positions.count, "StackedRecurrent: \(state.count) states for \(positions.count) cells")
    return state
  }

  /// Runs a sequence through all layers.
  ///
  /// - Parameters:
  ///   - observe: called with every cell's state after each step; the cells then run step by step.
  ///   - below: called with the outputs of each layer below the top, the lowest first.
  func runLayers(
    _ request: SequenceRequest<Scalar>, from state: [Cell.State], taking wanted: Wanted,
    in context: inout ForwardContext<Scalar>,
    observe: ((_ position: CellPosition, _ state: Cell.State) -> Void)? = nil,
    below: ((_ outputs: Variable<Scalar>) -> Void)? = nil
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    var pass = StackPass(stack: self, lengths: request.sequence.lengths, observe: observe, state: state)
    var top = pass.runLayer(0, request, adding: nil, in: &context)
    for layer in cells.indices.dropFirst() {
      let outputs = pass.all(top)
      below?(outputs)
      let dropped = dropping(outputs, from: request.firstStep, in: &context)
      var input = request
      input.sequence.content = .vectors(dropped)
      top = pass.runLayer(layer, input, adding: addsInput(inLayer: layer) ? dropped : nil, in: &context)
    }
    return (wanted == .all ? pass.all(top) : pass.last(top), pass.state)
  }

  /// Outputs of the layer below, [time, batch, features], after dropout.
  ///
  /// - Parameter start: position of the first step in the sequence of which this is a segment.
  private func dropping(
    _ outputs: Variable<Scalar>, from start: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    if options.dropoutIsLocked { return lockedDropout(outputs, probability: options.dropout, in: &context) }
    return dropout(outputs, probability: options.dropout, batchAxis: 1, fromRow: start, in: &context)
  }
}

/// One pass of a batch through all layers.
private struct StackPass<Cell: RecurrentCell> {
  typealias Scalar = Cell.Scalar
  let stack: StackedRecurrent<Cell>
  let lengths: SequenceLengths?
  let observe: ((_ position: CellPosition, _ state: Cell.State) -> Void)?
  /// State of each cell: the initial one, then the one after its last step.
  var state: [Cell.State]

  /// Outputs of a layer.
  struct LayerOutputs {
    let forward: Variable<Scalar>
    /// Outputs of the cell that reads backward, in the order in which it reads.
    let reversed: Variable<Scalar>?
    /// Residual input, added to both.
    let added: Variable<Scalar>?
  }

  mutating func runLayer(
    _ layer: Int, _ input: SequenceRequest<Scalar>, adding added: Variable<Scalar>?,
    in context: inout ForwardContext<Scalar>
  ) -> LayerOutputs {
    let forward = runCell(at: stack.position(layer), input, in: &context)
    let reversed =
      stack.isBidirectional
      ? runCell(at: stack.position(layer, isReverse: true), input.with(input.sequence.reversed), in: &context) : nil
    return LayerOutputs(forward: forward, reversed: reversed, added: added)
  }

  private mutating func runCell(
    at position: CellPosition, _ input: SequenceRequest<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    var input = input
    input.cell = position.index
    if input.sequence.resets != nil && !stack.initialStates.isEmpty {
      input.resetState = stack.initialStates[position.index].map { [context] in context.variable($0) }
    }
    let (cell, before) = (stack[position], state[position.index])
    let outputs: Variable<Scalar>
    if let observe {
      (outputs, state[position.index]) = cell.unroll(input, from: before, in: &context) { observe(position, $0) }
    } else {
      (outputs, state[position.index]) = cell.run(input, from: before, in: &context)
    }
    return outputs
  }

  /// A layer's outputs at all steps, [time, batch, features].
  func all(_ layer: LayerOutputs) -> Variable<Scalar> {
    merge(layer.forward, layer.reversed?.reversedInTime(lengths), adding: layer.added)
  }

  /// A layer's outputs of the last step that each of its cells does, [batch, features].
  func last(_ layer: LayerOutputs) -> Variable<Scalar> {
    merge(layer.forward.atEnd(lengths), layer.reversed?.atEnd(lengths), adding: layer.added?.atEnd(lengths))
  }

  private func merge(
    _ forward: Variable<Scalar>, _ backward: Variable<Scalar>?, adding added: Variable<Scalar>?
  ) -> Variable<Scalar> {
    var merged = forward
    if let backward {
      merged = stack.options.merging == .sum ? forward + backward : .concatenate([forward, backward], axis: -1)
    }
    return added.map { merged + $0 } ?? merged
  }
}
