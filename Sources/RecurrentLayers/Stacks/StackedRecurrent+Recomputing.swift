import Autograd
import NeuralLayers
import TensorCore

/// Recomputation of activations through time (Chen, Xu, Zhang and Guestrin, 2016): the steps are cut into about √T
/// segments, and the forward pass keeps the states at their borders. The backward pass runs each segment again, from
/// the last to the first, on a tape of its own.
///
/// All numbers equal, bit for bit, those of a run that keeps everything: masks are a function of the pass and of the
/// position, sums over time continue from segment to segment in the same order, and segments end at the ends of a fused
/// backward pass's chunks. (The exception is a parameter that cells without a fused pass share with a later layer: its
/// gradients add up in another order.)
extension StackedRecurrent {
  func runLayersRecomputing(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State], taking wanted: Wanted,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    var sequence = sequence.validated(inputSize: cells[0].inputSize)
    if cells[0].isFused { sequence = sequence.withoutLongTable }
    let steps = Segments<Cell>.steps(time: sequence.time, batch: sequence.batch)
    if steps.count == 1 { return runLayers(SequenceRequest(sequence), from: state, taking: wanted, in: &context) }

    let resetStates = sequence.resets == nil ? [] : initialStates.flatMap { $0 }
    let parameters = cells.flatMap { $0.parameters }.map { $0.parameter }.filter { $0.role == .trained } + resetStates
    let inputs =
      state.flatMap { $0.components } + parameters.map { [context] in context.variable($0) }
      + [sequence.variable].compactMap { $0 }
    // The node must not hold the tape that holds it.
    let start = context.segment(on: nil, statistics: context.statistics)
    var segments = Segments<Cell>(
      stack: self, sequence: sequence.detached(), wanted: wanted, steps: steps, parameters: parameters,
      needsInputGradient: sequence.variable?.isRecorded ?? false)
    var outputs: [Tensor<Scalar>] = []
    var carried = state.flatMap { $0.components }.map { $0.value }
    if segments.carriesEnds { carried.append(.zeros([sequence.batch, outputSize], pool: context.workspace.pool)) }
    for steps in steps {
      segments.borders.append(carried)
      var part = start.segment(on: nil, statistics: context.statistics)
      let input = segments.request(steps, sums: SegmentSums())
      let (output, next) = segments.run(input, from: carried.map { Variable($0) }, in: &part)
      if wanted == .last { outputs.removeAll() }
      outputs.append(output.value)
      carried = next.map { $0.value }
      context.advance(past: part)
    }
    if segments.carriesEnds { carried.removeLast() }
    let results = Variable.operation([.concatenate(outputs)] + carried, of: inputs) { [segments] in
      segments.gradients(upstream: $0, in: start)
    }
    return (results[0], states(of: Array(results.dropFirst())))
  }

  /// Steps of a segment: some chunks, about √T; all of them where the sequence is too short to be cut.
  package static func stepsOfSegment(time: Int, batch: Int) -> Int {
    Segments<Cell>.steps(time: time, batch: batch)[0].count
  }

  /// States from the components of all cells, one after the other.
  fileprivate func states(of components: [Variable<Scalar>]) -> [Cell.State] {
    let count = Cell.State.componentNames.count
    return stride(from: 0, to: components.count, by: count).map {
      Cell.State(components: Array(components[$0..<$0 + count]))
    }
  }
}

/// Segments of a run, with the states at their borders.
private struct Segments<Cell: RecurrentCell> {
  typealias Scalar = Cell.Scalar
  let stack: StackedRecurrent<Cell>
  /// The whole sequence, as a constant.
  let sequence: SequenceInput<Scalar>
  let wanted: StackedRecurrent<Cell>.Wanted
  let steps: [Range<Int>]
  /// Parameters of the cells and learned states after resets, in the order of the node's inputs.
  let parameters: [Parameter<Scalar>]
  let needsInputGradient: Bool
  /// Components of the state before each segment and, where they are carried, the last outputs so far.
  var borders: [[Tensor<Scalar>]] = []

  /// Whether the last outputs of sequences that have ended are carried from segment to segment.
  var carriesEnds: Bool { wanted == .last && sequence.lengths != nil }

  /// Segments of about √T steps, each some chunks long.
  static func steps(time: Int, batch: Int) -> [Range<Int>] {
    let chunk = ChunkPlan.chunkLength(batch: batch)
    let length = max(Int((Double(time).squareRoot() / Double(chunk)).rounded()), 1) * chunk
    return stride(from: 0, to: time, by: length).map { $0..<min($0 + length, time) }
  }

  func request(_ steps: Range<Int>, sums: SegmentSums<Scalar>) -> SequenceRequest<Scalar> {
    var request = SequenceRequest(sequence.segment(steps))
    request.segment = SequenceSegment(firstStep: steps.lowerBound, sums: sums)
    return request
  }

  /// Runs a segment from the state before it to its outputs and the state after it.
  func run(
    _ input: SequenceRequest<Scalar>, from carried: [Variable<Scalar>], in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, carried: [Variable<Scalar>]) {
    let state = stack.states(of: carriesEnds ? Array(carried.dropLast()) : carried)
    let (outputs, final) = stack.runLayers(input, from: state, taking: wanted, in: &context)
    let components = final.flatMap { $0.components }
    guard carriesEnds, let lengths = input.sequence.lengths, let ended = carried.last else {
      return (outputs, components)
    }
    let ends = outputs.keepingRows(lengths.mask(at: 0), else: ended)
    return (ends, components + [ends])
  }

  /// Gradients of the initial states, the parameters and the input, from those of the outputs and of the final states.
  func gradients(upstream: [Tensor<Scalar>?], in context: ForwardContext<Scalar>) -> [Tensor<Scalar>?] {
    var ofCarried = Array(upstream.dropFirst()) + (carriesEnds ? [nil] : [])
    var ofEnd = wanted == .last ? upstream[0] : nil
    var ofParameters = [Tensor<Scalar>?](repeating: nil, count: parameters.count)
    var ofTable: Tensor<Scalar>?
    var ofVectors: [Tensor<Scalar>] = []
    let sums = SegmentSums<Scalar>()
    for (steps, border) in zip(steps, borders).reversed() {
      let tape = Tape<Scalar>()
      var part = context.segment(on: tape, statistics: context.statistics)
      var input = request(steps, sums: sums)
      if needsInputGradient { input.sequence = input.sequence.mappingVariable { tape.watch($0.value) } }
      let carried = border.map { tape.watch($0) }
      let leaves = parameters.map { [part] in part.variable($0) }
      let (outputs, next) = run(input, from: carried, in: &part)
      var seeds = zip(next, ofCarried).map { (variable: $0, seed: $1) } + zip(leaves, ofParameters).map { ($0, $1) }
      seeds.append((outputs, wanted == .all ? upstream[0]?.rows(steps) : ofEnd.take()))
      if let table = input.sequence.table { seeds.append((table, ofTable)) }
      let gradients = tape.gradients(of: seeds)
      ofCarried = carried.map { gradients[$0] }
      ofParameters = leaves.map { gradients[$0] }
      if let table = input.sequence.table {
        ofTable = gradients[table]
      } else if needsInputGradient, let vectors = input.sequence.variable {
        ofVectors.append(gradients[vectors] ?? .zeros(like: vectors.value))
      }
    }
    if carriesEnds { ofCarried.removeLast() }
    let ofInput = ofVectors.isEmpty ? ofTable : .concatenate(ofVectors.reversed())
    return ofCarried + ofParameters + (sequence.variable == nil ? [] : [ofInput])
  }
}

extension SequenceInput {
  /// Table of the vectors that tokens stand for.
  fileprivate var table: Variable<Scalar>? {
    if case .embedded(_, let table) = content { table } else { nil }
  }
}
