import Autograd
import NeuralLayers
import TensorCore

extension StackedRecurrent {
  /// Which of the top layer's outputs are wanted.
  enum Wanted { case all, last }

  /// Runs a sequence as the options say: at once, or so that the backward pass computes again what it needs.
  func runEitherWay(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]?, taking wanted: Wanted,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    let state = state ?? initialState(batchSize: sequence.batch, in: &context)
    require(
      state.count == places.count, "StackedRecurrent: \(state.count) states for \(places.count) cells")
    let stack = droppingWeights(in: &context)
    if options.recomputes && context.tape != nil {
      return stack.runRecomputing(sequence, from: state, taking: wanted, in: &context)
    }
    return stack.runAtOnce(sequence, from: state, taking: wanted, in: &context)
  }

  /// - Parameter observe: called with every cell's state after each step; the cells then run step by step.
  func runAtOnce(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State], taking wanted: Wanted,
    in context: inout ForwardContext<Scalar>, observe: ((_ place: CellPlace, _ state: Cell.State) -> Void)? = nil
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    var pass = StackPass(stack: self, lengths: sequence.lengths, observe: observe, state: state)
    var top = pass.runLayer(0, sequence, adding: nil, in: &context)
    for layer in cells.indices.dropFirst() {
      let below = dropping(pass.all(top), from: sequence.part?.start ?? 0, in: &context)
      var input = sequence
      input.content = .vectors(below)
      let isAdded = options.residual && below.shape[2] == width(ofLayer: layer)
      top = pass.runLayer(layer, input, adding: isAdded ? below : nil, in: &context)
    }
    return (wanted == .all ? pass.all(top) : pass.last(top), pass.state)
  }

  /// What a layer reads of the outputs, [time, batch, features], of the one below.
  ///
  /// - Parameter start: the first of the steps, in the sequence of which these are a part.
  private func dropping(
    _ outputs: Variable<Scalar>, from start: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    if options.dropoutIsLocked { return lockedDropout(outputs, probability: options.dropout, in: &context) }
    let position = start * outputs.shape[1] * outputs.shape[2]
    return dropout(outputs, probability: options.dropout, from: position, in: &context)
  }
}

/// One pass of a batch through all layers.
private struct StackPass<Cell: RecurrentCell> {
  typealias Scalar = Cell.Scalar
  let stack: StackedRecurrent<Cell>
  let lengths: SequenceLengths?
  let observe: ((_ place: CellPlace, _ state: Cell.State) -> Void)?
  /// That of each cell: behind its last step, once it has run.
  var state: [Cell.State]

  /// What a layer puts out.
  struct LayerOutputs {
    let forward: Variable<Scalar>
    /// Of the cell that reads backward, in the order in which it reads.
    let reversed: Variable<Scalar>?
    /// What is added to both.
    let added: Variable<Scalar>?
  }

  mutating func runLayer(
    _ layer: Int, _ input: SequenceInput<Scalar>, adding added: Variable<Scalar>?,
    in context: inout ForwardContext<Scalar>
  ) -> LayerOutputs {
    let forward = runCell(at: stack.place(layer), input, in: &context)
    let reversed =
      stack.isBidirectional ? runCell(at: stack.place(layer, isReverse: true), input.reversed, in: &context) : nil
    return LayerOutputs(forward: forward, reversed: reversed, added: added)
  }

  private mutating func runCell(
    at place: CellPlace, _ input: SequenceInput<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    var input = input
    input.part?.place = place.index
    if input.resets != nil && !stack.initialStates.isEmpty {
      input.beginning = stack.initialStates[place.index].map { [context] in context.variable($0) }
    }
    let (cell, before) = (stack[place], state[place.index])
    let outputs: Variable<Scalar>
    if let observe {
      (outputs, state[place.index]) = cell.unroll(input, from: before, in: &context) { observe(place, $0) }
    } else {
      (outputs, state[place.index]) = cell.run(input, from: before, in: &context)
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
