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
      options.weightDrop >= 0 && options.weightDrop < 1,
      "StackedRecurrent: the probability \(options.weightDrop) of weight drop is not in 0..<1")
    require(
      options.weightDrop == 0 || (cells + reverse).allSatisfy(\.hasRecurrentWeights),
      "StackedRecurrent: weight drop needs recurrent weights, and a \(Cell.self) names none in updateRecurrentWeights")
    require(
      reverse.isEmpty || !options.recomputes,
      "StackedRecurrent: layers of two directions cannot recompute, because both ends of a sequence would have to be first"
    )
    require(
      !options.recomputes || !(cells[0] is any ScanCell<Scalar>),
      "StackedRecurrent: a \(Cell.self) runs all steps at once and cannot recompute them part by part")
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
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) { run(sequence, from: state, taking: .all, in: &context) }

  /// Runs a sequence through all layers, to what it is in the end.
  ///
  /// - Parameter state: as for `run`.
  /// - Returns: the top layer's outputs of the last step that each of its cells does (of a cell that reads backward, at the
  ///   start of the sequence), merged as all outputs are: [batch, outputSize]; and every cell's state after it.
  public func runToEnd(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: [Cell.State]) { run(sequence, from: state, taking: .last, in: &context) }

  /// Which of the top layer's outputs are wanted.
  enum Wanted { case all, last }

  private func run(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]?, taking wanted: Wanted,
    in context: inout ForwardContext<Scalar>
  ) -> (Variable<Scalar>, [Cell.State]) {
    let state = state ?? initialState(batchSize: sequence.batch, in: &context)
    require(
      state.count == cells.count * directions,
      "StackedRecurrent: \(state.count) states for \(cells.count * directions) cells")
    let stack = droppingWeights(in: &context)
    if options.recomputes && context.tape != nil {
      return stack.runRecomputing(sequence, from: state, taking: wanted, in: &context)
    }
    return stack.runAtOnce(sequence, from: state, taking: wanted, in: &context)
  }

  /// - Parameter observe: called with every cell's state after each step, by the cell's place; the cells then run step by step.
  func runAtOnce(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State], taking wanted: Wanted,
    in context: inout ForwardContext<Scalar>, observe: ((_ place: Int, _ state: Cell.State) -> Void)? = nil
  ) -> (Variable<Scalar>, [Cell.State]) {
    var pass = Pass(state: state, observe: observe)
    var top = run(0, sequence, adding: nil, &pass, in: &context)
    for layer in cells.indices.dropFirst() {
      let below = dropping(outputs(of: top, sequence.lengths), from: sequence.part?.start ?? 0, in: &context)
      var input = sequence
      input.content = .vectors(below)
      let isAdded = options.residual && below.shape[2] == outputSize(of: layer)
      top = run(layer, input, adding: isAdded ? below : nil, &pass, in: &context)
    }
    switch wanted {
    case .all: return (outputs(of: top, sequence.lengths), pass.state)
    case .last:
      let merged = merge(top.forward.atEnd(sequence.lengths), top.reversed?.atEnd(sequence.lengths))
      return (top.added.map { merged + $0.atEnd(sequence.lengths) } ?? merged, pass.state)
    }
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

  /// What a pass through all layers carries.
  private struct Pass {
    var state: [Cell.State]
    let observe: ((_ place: Int, _ state: Cell.State) -> Void)?
  }

  /// What a layer puts out.
  private struct LayerOutputs {
    let forward: Variable<Scalar>
    /// Of the cell that reads backward, in the order in which it reads.
    let reversed: Variable<Scalar>?
    /// What is added to both.
    let added: Variable<Scalar>?
  }

  private func run(
    _ layer: Int, _ input: SequenceInput<Scalar>, adding added: Variable<Scalar>?, _ pass: inout Pass,
    in context: inout ForwardContext<Scalar>
  ) -> LayerOutputs {
    let place = layer * directions
    let forward = run(cells[layer], at: place, input, &pass, in: &context)
    let reversed =
      isBidirectional ? run(reverseCells[layer], at: place + 1, input.reversed, &pass, in: &context) : nil
    return LayerOutputs(forward: forward, reversed: reversed, added: added)
  }

  private func run(
    _ cell: Cell, at place: Int, _ input: SequenceInput<Scalar>, _ pass: inout Pass,
    in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    var input = input
    input.part?.place = place
    if input.resets != nil && !initialStates.isEmpty {
      input.beginning = initialStates[place].map { [context] in context.variable($0) }
    }
    let outputs: Variable<Scalar>
    if let observe = pass.observe {
      (outputs, pass.state[place]) = cell.unroll(input, from: pass.state[place], in: &context) { observe(place, $0) }
    } else {
      (outputs, pass.state[place]) = cell.run(input, from: pass.state[place], in: &context)
    }
    return outputs
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
