import Autograd
import NeuralLayers
import TensorCore

/// Recurrent layers that read streams an item at a time, each with a state of its own: characters as they are typed, frames of
/// sound, values of a sensor.
///
///     let session = StreamingSession(stack, reading: .vectors, head: dense, streams: 2)
///     session.push(frames)                   // [2, features]: the next frame of each stream
///     session.copyOutput(of: 0, to: &scores)
///
/// The bits are those of a pass over the whole sequences. Weights are packed and memory is taken once, when the session is
/// made: it keeps the weights that the layers have then, and a step takes no memory. (Exceptions: cells of one's own, whose steps
/// are passes over one item each, and a head with an activation.)
///
/// Streams join and leave: `reset` gives the place of one that has ended to a new one, and items are pushed to those that have
/// one. For more streams than places, make a session of more, and hand each state over with `state(of:)` and `setState(of:to:)`.
///
/// The layers, the head and a table of vectors are in one place; on a device steps run there, and outputs and states come from and go
/// to the host's memory.
///
/// A session belongs to one thread at a time, which calls it; its team serves no other task meanwhile.
///
/// For something of one's own between steps, such as attention over what was read before, push vectors made of the outputs.
public final class StreamingSession<Scalar: TensorScalar> {
  private enum Layers {
    case steps([StepLayer<Scalar>])
    case passes(PassLayers<Scalar>)
  }

  /// Number of streams.
  public let streams: Int
  private let layers: Layers
  /// Input of each stream, [streams, input], for vectors.
  private let vectors: OwnedMatrix<Scalar>?
  private var tokens: [Int32]
  /// Number of tokens that there are; 0 for vectors.
  private let tokenCount: Int
  private let head: PackedMatrix<Scalar>?
  /// [1, outputs].
  private let headBias: SharedMatrix<Scalar>
  /// Function of the head; nil for a linear one.
  private let activation: ActivationFunction?
  /// [streams, outputs].
  private let results: OwnedMatrix<Scalar>
  private let team: ThreadTeam
  private let barrier: ThreadBarrier
  /// Steps so far.
  private var step = 0
  /// Whether a state was changed after the step that was run last.
  private var isChanged = false
  private let components: [StateComponent<Scalar>]
  /// Streams that have no item in a step.
  private var isIdle: [Bool]
  private let keptResults: OwnedMatrix<Scalar>
  /// Copy of the results of a device; nil until they are asked for after a step.
  private var resultsOnHost: Tensor<Scalar>?

  /// - Parameters:
  ///   - items: kind of what the streams consist of.
  ///   - head: layer above the recurrent ones; nil where their own outputs are wanted.
  ///   - streams: number of streams, which run as one batch.
  ///   - weights: storage of the weights.
  ///   - team: threads that share a step where weights are more than a mebibyte; smaller ones are read from one core's cache faster
  ///     than two threads can meet.
  /// - Precondition: the layers are of one direction, their weights are drawn, and widths fit.
  public init<Cell: RecurrentCell<Scalar>>(
    _ stack: StackedRecurrent<Cell>, reading items: StreamItems<Scalar>, head: Dense<Scalar>? = nil, streams: Int = 1,
    weights: ProductFormat = .full, team: ThreadTeam = ThreadTeam(threads: 1)
  ) {
    require(streams > 0, "StreamingSession: \(streams) streams")
    require(!stack.isBidirectional, "StreamingSession: layers that read backward read no stream")
    let inputs = items.table?.shape[1] ?? stack.cells[0].inputSize
    if inputs != stack.cells[0].inputSize || head.map({ $0.weight.shape[1] != stack.outputSize }) ?? false {
      shapeFailure(
        "StreamingSession", [inputs, stack.cells[0].inputSize], head?.weight.shape ?? [],
        hint: "the embedding must be as wide as the lowest layer's input, and the head read \(stack.outputSize)")
    }
    let (outputs, threads) = (head?.weight.shape[0] ?? stack.outputSize, team.count)
    self.streams = streams
    // Layers without parameters are where their head is.
    let place = stack.parameters.first?.parameter.value ?? head?.weight.value ?? .zeros([0])
    func matrix(_ width: Int) -> OwnedMatrix<Scalar> { OwnedMatrix(.zeros([streams, width], beside: place)) }
    let products = stack.parameters.filter {
      $0.parameter.shape.rank == 2 && (items.areVectors || $0.name != "weight_ih_l0")
    }
    let weightCount = products.reduce(head?.weight.shape.count ?? 0) { $0 + $1.parameter.shape.count }
    let isShared = place.device == .cpu && weightCount * MemoryLayout<Scalar>.stride > 1 << 20
    let steps = stack.stepLayers(
      on: place.device, batch: streams, shards: isShared ? threads : 1, format: weights, readsTokens: !items.areVectors,
      embedding: items.table)
    layers =
      steps.map { .steps($0) }
      ?? .passes(PassLayers(stack, items, on: place.device, streams: streams, weights: weights))
    vectors = items.areVectors ? matrix(inputs) : nil
    tokens = Array(repeating: 0, count: streams)
    tokenCount = items.areVectors ? 0 : items.table?.shape[0] ?? inputs
    self.head = head.map { PackedMatrix($0.weight.value, transposed: true, format: weights) }
    headBias = SharedMatrix((head?.bias?.value ?? .zeros([outputs], beside: place)).reshaped([1, outputs]))
    activation = head.flatMap { $0.activation == .linear ? nil : $0.activation }
    (results, keptResults) = (matrix(outputs), matrix(outputs))
    self.team = isShared && steps?.contains { $0.shardCount > 1 } ?? false ? team : ThreadTeam(threads: 1)
    barrier = ThreadBarrier(of: self.team.count)
    isIdle = Array(repeating: false, count: streams)
    var context = ForwardContext<Scalar>(workspace: Workspace(device: place.device))
    components = stack.initialState(batchSize: 1, in: &context).enumerated().flatMap { layer, state in
      zip(Cell.State.componentNames, state.components).enumerated().map { index, component in
        StateComponent(
          name: "\(component.0)_l\(layer)", layer: layer, index: index, initial: SharedMatrix(component.1.value),
          kept: matrix(component.1.shape[1]))
      }
    }
  }

  // MARK: Steps

  /// Reads the next token of each stream, or of some streams; the others stay as they are. Their step is computed too, and their
  /// state copied back: where most streams wait, several sessions of fewer streams are faster.
  ///
  /// - Precondition: there is a token for each stream, and each has a vector.
  public func push(tokens: [Int32], to chosen: [Int]? = nil) {
    require(vectors == nil, "StreamingSession: its items are vectors, and a token was pushed")
    require(
      tokens.count == chosen?.count ?? streams,
      "StreamingSession: \(tokens.count) tokens for \(chosen?.count ?? streams) streams")
    if let bad = tokens.first(where: { $0 < 0 || $0 >= tokenCount }) {
      programmingError("StreamingSession: the token \(bad) is outside of the \(tokenCount) that there are")
    }
    guard let chosen else { return advance(tokens) }
    requireStreams(chosen)
    for (token, stream) in zip(tokens, chosen) { self.tokens[stream] = token }
    advance(chosen)
  }

  /// Reads the next vector of each stream, [streams, features], or of some streams; the others stay as they are.
  ///
  /// - Precondition: there is a vector for each stream, as wide as the lowest layer's input.
  public func push(_ items: Tensor<Scalar>, to chosen: [Int]? = nil) {
    guard let vectors else { programmingError("StreamingSession: its items are tokens, and a vector was pushed") }
    let wanted = TensorShape([chosen?.count ?? streams, vectors.view.columns])
    if items.shape != wanted { shapeFailure("StreamingSession", items.shape, wanted, hint: "a vector for each stream") }
    guard let chosen else {
      vectors.view.copy(from: items)
      return advance(tokens)
    }
    requireStreams(chosen)
    for (row, stream) in chosen.enumerated() {
      vectors.view.rows(stream..<stream + 1).copy(from: items.rows(row..<row + 1))
    }
    advance(chosen)
  }

  /// Runs a step in which some streams alone have an item, which is in its place.
  private func advance(_ chosen: [Int]) {
    for stream in 0..<streams { isIdle[stream] = true }
    for stream in chosen {
      require(isIdle[stream], "StreamingSession: stream \(stream) has two items in one step")
      isIdle[stream] = false
    }
    forEachIdle { row in
      for component in components { copyState(component, rows: row, to: component.kept.view.rows(row)) }
      keptResults.view.rows(row).copy(from: results.view.rows(row).readOnly)
    }
    advance(tokens)
    forEachIdle { row in
      for component in components { setState(component, rows: row, to: component.kept.view.rows(row).readOnly) }
      results.view.rows(row).copy(from: keptResults.view.rows(row).readOnly)
    }
  }

  private func requireStreams(_ chosen: [Int]) {
    for stream in chosen { requireStream(stream) }
  }

  private func requireStream(_ stream: Int) {
    require((0..<streams).contains(stream), "StreamingSession: stream \(stream) of \(streams)")
  }

  private func forEachIdle(_ body: (_ row: Range<Int>) -> Void) {
    for stream in 0..<streams where isIdle[stream] { body(stream..<stream + 1) }
  }

  @_specialize(where Scalar == Float)
  private func advance(_ tokens: [Int32]) {
    step += 1
    resultsOnHost = nil
    switch layers {
    case .steps(let layers): run(layers, tokens, step: step, isPrepared: step % 2 == 0 && !isChanged)
    case .passes(let layers):
      layers.run(tokens: tokens, vectors: vectors?.tensor)
      finish(layers.outputs.view.readOnly, thread: 0)
    }
    if isChanged { isChanged = false }
    if let activation { results.view.copy(from: activation(Variable(results.tensor)).value) }
  }

  @_specialize(where Scalar == Float)
  private func run(_ layers: [StepLayer<Scalar>], _ tokens: [Int32], step: Int, isPrepared: Bool) {
    require(team.count == barrier.count, "StreamingSession: threads rest that shared its units")
    team.run { thread in
      var below = vectors?.view.readOnly
      for layer in layers {
        let isMine = thread < layer.shardCount
        if isMine { layer.run(shard: thread, step: step, tokens: tokens, below: below, isPrepared: isPrepared) }
        barrier.wait()
        // Every other step, so that weights are read twice in a row.
        if isMine && step % 2 == 1 { layer.prepare(shard: thread, after: step) }
        below = layer.output(ofStep: step)
      }
      finish(below!, thread: thread)
    }
  }

  /// Computes one thread's part of the results from the top layer's outputs.
  private func finish(_ outputs: MatrixView<Scalar>, thread: Int) {
    guard let head else {
      if thread == 0 { results.view.copy(from: outputs) }
      return
    }
    let columns = team.part(of: results.view.columns, unit: PackedMatrix<Scalar>.panelWidth, for: thread)
    results.view.columns(columns).setProduct(
      outputs, head, columns: columns, onto: .everyRow(headBias.view.columns(columns)))
  }

  // MARK: Outputs

  /// Output of each stream after its last item, [streams, outputs]; zeros before the first.
  public var outputs: Tensor<Scalar> { Tensor(readResults().scalars, shape: results.tensor.shape) }

  /// Results in the host's memory; those of a device are copied once a step.
  private func readResults() -> Tensor<Scalar> {
    if results.tensor.device == .cpu { return results.tensor }
    let read = resultsOnHost ?? results.tensor.forHost()
    resultsOnHost = read
    return read
  }

  /// Copies the output of a stream after its last item, without taking memory.
  ///
  /// - Precondition: `target` has as many numbers as an output.
  public func copyOutput(of stream: Int, to target: inout [Scalar]) {
    let width = results.view.columns
    require(target.count == width, "StreamingSession: \(target.count) numbers for \(width) outputs")
    requireStream(stream)
    readResults().copyRow(stream, to: &target)
  }

  /// Copies the output of a stream, exactly.
  package func copyOutput(of stream: Int, to target: inout [Double]) { readResults().copyRow(stream, to: &target) }

  // MARK: State

  /// State of a stream after its last item: each component of each layer, such as `hidden_l0` and `cell_l0`, by its name; [width].
  public func state(of stream: Int) -> [String: Tensor<Scalar>] {
    requireStream(stream)
    return Dictionary(
      uniqueKeysWithValues: components.map { component in
        let copy = OwnedMatrix<Scalar>(.zeros([1, component.kept.view.columns], beside: results.tensor))
        copyState(component, rows: stream..<stream + 1, to: copy.view)
        return (component.name, copy.tensor.reshaped([-1]).forHost())
      })
  }

  /// Lets a stream go on from a state that `state(of:)` gave, here or in another session of the same layers. Its output is zeros
  /// until its next item.
  ///
  /// - Throws: where it is no state of these layers; the stream then stays as it is.
  public func setState(of stream: Int, to state: [String: Tensor<Scalar>]) throws(StreamStateError) {
    requireStream(stream)
    for component in components {
      let wanted = TensorShape([component.kept.view.columns])
      guard let tensor = state[component.name] else { throw .missing(component.name) }
      guard tensor.shape == wanted else { throw .shape(component.name, found: tensor.shape, wanted: wanted) }
      guard tensor.allFinite else { throw .notFinite(component.name) }
    }
    let unknown = Set(state.keys).subtracting(components.map(\.name))
    guard unknown.isEmpty else { throw .unknown(unknown.sorted()) }
    for component in components {
      let row = component.kept.view.rows(stream..<stream + 1)
      row.copy(from: state[component.name]!.reshaped([1, -1]).copied(to: results.tensor.device))
      setState(component, rows: stream..<stream + 1, to: row.readOnly)
    }
    clearResults(of: stream)
  }

  private func clearResults(of stream: Int) {
    results.view.rows(stream..<stream + 1).fill(0)
    resultsOnHost = nil
  }

  /// Lets a new stream take the place of this one, in the initial state.
  public func reset(_ stream: Int) {
    requireStream(stream)
    for component in components {
      setState(component, rows: stream..<stream + 1, to: component.initial.view)
    }
    clearResults(of: stream)
  }

  private func copyState(
    _ component: StateComponent<Scalar>, rows: Range<Int>, to target: MutableMatrixView<Scalar>
  ) {
    switch layers {
    case .steps(let layers): layers[component.layer].copyState(component.index, rows: rows, to: target)
    case .passes(let layers): layers.copyState(component, rows: rows, to: target)
    }
  }

  private func setState(_ component: StateComponent<Scalar>, rows: Range<Int>, to source: MatrixView<Scalar>) {
    isChanged = true
    switch layers {
    case .steps(let layers): layers[component.layer].setState(component.index, rows: rows, after: step, to: source)
    case .passes(let layers): layers.setState(component, rows: rows, to: source)
    }
  }
}

/// A component of a layer's state in a session.
struct StateComponent<Scalar: TensorScalar> {
  let name: String
  let layer: Int
  /// Position among the components of the layer.
  let index: Int
  /// [1, width].
  let initial: SharedMatrix<Scalar>
  /// Copy for streams that have no item in a step, [streams, width].
  let kept: OwnedMatrix<Scalar>
}
