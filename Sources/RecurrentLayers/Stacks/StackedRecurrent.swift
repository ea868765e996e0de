import Autograd
import NeuralLayers
import TensorCore

/// Recurrent layers one above the other: each reads the outputs of the one below, with dropout between them.
///
/// A layer is a cell, or two cells of which one reads the sequence from its end (Schuster and Paliwal, 1997).
/// Parameters have PyTorch's names: `weight_ih_l0`, and `weight_ih_l0_reverse` for the backward direction.
public struct StackedRecurrent<Cell: RecurrentCell>: Module {
  public typealias Scalar = Cell.Scalar

  /// Cells that read forward, the lowest first.
  public var cells: [Cell]
  /// Cells that read backward, the lowest first; empty in a stack of one direction.
  public var reverseCells: [Cell]
  public package(set) var options: StackOptions
  /// Learned initial states by layer and direction (in the order of the states), then by component, [width]; empty
  /// unless they are learned.
  public var initialStates: [[Parameter<Scalar>]]

  /// Layers of one direction.
  ///
  /// - Precondition: there is a cell, each one's input is as wide as the output of the one below, and the options have
  ///   something to act on.
  public init(_ cells: [Cell], options: StackOptions = StackOptions()) {
    self.init(cells, reverse: [], options: options)
  }

  /// Layers of one direction with dropout between them.
  ///
  /// - Parameter dropout: probability that an output of a layer below the top is dropped in training.
  /// - Precondition: as for `init(_:options:)`, and the probability is at least 0 and below 1; above 0 it takes two layers.
  public init(_ cells: [Cell], dropout: Double) { self.init(cells, options: StackOptions(dropout: dropout)) }

  /// Layers of two directions.
  ///
  /// - Parameter reverse: the cells that read backward, one for each layer.
  /// - Precondition: there is a cell, there are as many of either direction with the same sizes, and each one's input
  ///   is as
  ///   wide as the output of the layer below.
  public init(_ cells: [Cell], reverse: [Cell], options: StackOptions = StackOptions()) {
    (self.cells, self.reverseCells, self.options) = (cells, reverse, options)
    initialStates = []
    validate()
    if options.learnsInitialState {
      initialStates = positions.map { self[$0].stateWidths.map { Parameter([$0], .zeros) } }
    }
  }

  public var isBidirectional: Bool { !reverseCells.isEmpty }

  /// Width of the top layer's outputs.
  public var outputSize: Int { width(ofLayer: cells.count - 1) }

  /// Width of a layer's outputs.
  func width(ofLayer layer: Int) -> Int {
    cells[layer].hiddenSize * (isBidirectional && options.merging == .concatenate ? 2 : 1)
  }

  /// Whether a layer has a residual connection: see `StackOptions.residual`.
  func addsInput(inLayer layer: Int) -> Bool {
    options.residual && layer > 0 && cells[layer].inputSize == width(ofLayer: layer)
  }

  /// Initial state of every cell: layer by layer, forward before backward.
  public func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> [Cell.State] {
    guard initialStates.isEmpty else {
      return initialStates.map { [context] in
        Cell.State(components: $0.map { context.variable($0).broadcast(to: [batchSize, $0.shape[0]]) })
      }
    }
    return positions.map { self[$0].initialState(batchSize: batchSize, in: &context) }
  }

  /// Runs a sequence through all layers.
  ///
  /// - Parameter state: one for each cell, layer by layer, forward before backward; nil means the initial state.
  /// - Returns: the top layer's outputs, [time, batch, outputSize], and every cell's state after its last step (of a
  ///   sequence's first step, for those that read backward).
  public func run(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    runPass(sequence, from: state, taking: .all, in: &context)
  }

  /// Runs a sequence through all layers and returns the last output alone.
  ///
  /// - Parameter state: as for `run`.
  /// - Returns: the top layer's outputs after the last step that each of its cells computes (for a cell that reads
  ///   backward, the
  ///   first step of the sequence), merged as all outputs are: [batch, outputSize]; and every cell's state after it.
  public func runToEnd(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: [Cell.State]) {
    let (output, state) = runPass(sequence, from: state, taking: .last, in: &context)
    return (output, state)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    for position in positions {
      if position.isReverse {
        try visitor.visit(&reverseCells[position.layer], suffix: position.suffix)
      } else {
        try visitor.visit(&cells[position.layer], suffix: position.suffix)
      }
    }
    for (position, state) in zip(positions, initialStates.indices) {
      for (component, name) in Cell.State.componentNames.enumerated() {
        try visitor.visit(&initialStates[state][component], "initial_\(name)\(position.suffix)")
      }
    }
  }
}
