import Autograd
import NeuralLayers
import TensorCore

/// Recurrent layers one above the other: each reads the outputs of the one below, with dropout between them.
///
/// A layer is a cell, or two cells of which one reads the sequence from its end (Schuster and Paliwal, 1997). Parameters have
/// PyTorch's names: `weight_ih_l0`, and `weight_ih_l0_reverse` for the backward direction.
public struct StackedRecurrent<Cell: RecurrentCell>: Module {
  public typealias Scalar = Cell.Scalar

  /// Those that read forward, the lowest first.
  public var cells: [Cell]
  /// Those that read backward, the lowest first; empty where there is one direction.
  public var reverseCells: [Cell]
  public let options: StackOptions
  /// By layer and direction (in the order of `state`), then by component, [width]; empty unless it is learned.
  public var initialStates: [[Parameter<Scalar>]]

  /// Layers of one direction.
  ///
  /// - Precondition: there is a cell, and each one's input is as wide as the output of the one below.
  public init(_ cells: [Cell], options: StackOptions = StackOptions()) {
    self.init(cells, reverse: [], options: options)
  }

  public init(_ cells: [Cell], dropout: Double) { self.init(cells, options: StackOptions(dropout: dropout)) }

  /// Layers of two directions.
  ///
  /// - Parameter reverse: the cells that read backward, one for each layer.
  /// - Precondition: there is a cell, there are as many of either direction with the same sizes, and each one's input is as
  ///   wide as the output of the layer below.
  public init(_ cells: [Cell], reverse: [Cell], options: StackOptions = StackOptions()) {
    require(!cells.isEmpty, "StackedRecurrent: no cells")
    require(
      options.dropout >= 0 && options.dropout < 1,
      "StackedRecurrent: the probability \(options.dropout) of dropout is not in 0..<1")
    require(
      reverse.isEmpty
        || reverse.map(\.inputSize) == cells.map(\.inputSize) && reverse.map(\.hiddenSize) == cells.map(\.hiddenSize),
      "StackedRecurrent: the cells of the two directions differ in number or sizes")
    let width = reverse.isEmpty || options.merging == .sum ? 1 : 2
    for (below, above) in zip(cells, cells.dropFirst()) {
      require(
        width * below.hiddenSize == above.inputSize,
        "StackedRecurrent: a cell of input size \(above.inputSize) stands above a layer of output size "
          + "\(width * below.hiddenSize)")
    }
    (self.cells, self.reverseCells, self.options) = (cells, reverse, options)
    initialStates =
      options.learnsInitialState
      ? Self.inOrder(cells, reverse).map { cell in cell.stateWidths.map { Parameter([$0], .zeros) } } : []
  }

  /// The cells in the order of their states: layer by layer, forward before backward.
  private static func inOrder(_ cells: [Cell], _ reverse: [Cell]) -> [Cell] {
    cells.indices.flatMap { reverse.isEmpty ? [cells[$0]] : [cells[$0], reverse[$0]] }
  }

  public var isBidirectional: Bool { !reverseCells.isEmpty }

  private var directions: Int { isBidirectional ? 2 : 1 }

  /// The width of the top layer's outputs.
  public var outputSize: Int { outputSize(of: cells.count - 1) }

  private func outputSize(of layer: Int) -> Int {
    cells[layer].hiddenSize * (options.merging == .concatenate ? directions : 1)
  }

  /// The state of every cell before anything was seen: layer by layer, forward before backward.
  public func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> [Cell.State] {
    guard initialStates.isEmpty else {
      return initialStates.map { [context] in
        Cell.State(components: $0.map { context.variable($0).broadcast(to: [batchSize, $0.shape[0]]) })
      }
    }
    return Self.inOrder(cells, reverseCells).map { $0.initialState(batchSize: batchSize, in: &context) }
  }

  /// Runs a sequence through all layers.
  ///
  /// - Parameter state: one for each cell, layer by layer, forward before backward; nil means the initial state.
  /// - Returns: the top layer's outputs, [time, batch, outputSize], and every cell's state after its last step (of a
  ///   sequence's first step, for those that read backward).
  public func run(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    let (top, final) = runLayers(sequence, from: state, in: &context)
    return (outputs(of: top, sequence.lengths), final)
  }

  /// Runs a sequence through all layers, to what it is in the end.
  ///
  /// - Parameter state: as for `run`.
  /// - Returns: the top layer's outputs of the last step that each of its cells does (of a cell that reads backward, at the
  ///   start of the sequence), merged as all outputs are: [batch, outputSize]; and every cell's state after it.
  public func runToEnd(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: [Cell.State]) {
    let (top, final) = runLayers(sequence, from: state, in: &context)
    let merged = merge(top.forward.atEnd(sequence.lengths), top.reversed?.atEnd(sequence.lengths))
    return (top.added.map { merged + $0.atEnd(sequence.lengths) } ?? merged, final)
  }

  /// What a layer puts out.
  private struct LayerOutputs {
    let forward: Variable<Scalar>
    /// Of the cell that reads backward, in the order in which it reads.
    let reversed: Variable<Scalar>?
    /// What is added to both.
    let added: Variable<Scalar>?
  }

  private func runLayers(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]?, in context: inout ForwardContext<Scalar>
  ) -> (top: LayerOutputs, state: [Cell.State]) {
    var state = state ?? initialState(batchSize: sequence.batch, in: &context)
    require(
      state.count == cells.count * directions,
      "StackedRecurrent: \(state.count) states for \(cells.count * directions) cells")
    var top = run(0, sequence, adding: nil, state: &state, in: &context)
    for layer in cells.indices.dropFirst() {
      let below = dropout(outputs(of: top, sequence.lengths), probability: options.dropout, in: &context)
      let isAdded = options.residual && below.shape[2] == outputSize(of: layer)
      top = run(
        layer, .vectors(below, lengths: sequence.lengths), adding: isAdded ? below : nil, state: &state, in: &context)
    }
    return (top, state)
  }

  private func run(
    _ layer: Int, _ input: SequenceInput<Scalar>, adding added: Variable<Scalar>?, state: inout [Cell.State],
    in context: inout ForwardContext<Scalar>
  ) -> LayerOutputs {
    let place = layer * directions
    let forward: Variable<Scalar>
    (forward, state[place]) = cells[layer].run(input, from: state[place], in: &context)
    if !isBidirectional { return LayerOutputs(forward: forward, reversed: nil, added: added) }
    let reversed: Variable<Scalar>
    (reversed, state[place + 1]) = reverseCells[layer].run(input.reversed, from: state[place + 1], in: &context)
    return LayerOutputs(forward: forward, reversed: reversed, added: added)
  }

  private func outputs(of layer: LayerOutputs, _ lengths: SequenceLengths?) -> Variable<Scalar> {
    let merged = merge(layer.forward, layer.reversed?.reversedInTime(lengths))
    return layer.added.map { merged + $0 } ?? merged
  }

  private func merge(_ forward: Variable<Scalar>, _ backward: Variable<Scalar>?) -> Variable<Scalar> {
    guard let backward else { return forward }
    return options.merging == .sum ? forward + backward : .concatenate([forward, backward], axis: -1)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    for layer in cells.indices {
      try visitor.visit(&cells[layer], suffix: "_l\(layer)")
      if isBidirectional { try visitor.visit(&reverseCells[layer], suffix: "_l\(layer)_reverse") }
    }
    for place in initialStates.indices {
      let suffix = "_l\(place / directions)" + (place % directions == 1 ? "_reverse" : "")
      for (component, name) in Cell.State.componentNames.enumerated() {
        try visitor.visit(&initialStates[place][component], "initial_\(name)\(suffix)")
      }
    }
  }
}
