import Autograd
import NeuralLayers
import TensorCore

extension RecurrentCell {
  /// Runs a sequence step by step, with a tape node for each operation: slow, obviously right, and good for any cell.
  public func run(
    _ request: SequenceRequest<Scalar>, from state: State, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: State) {
    unroll(request, from: state, in: &context) { _ in }
  }

  /// Runs a sequence step by step.
  ///
  /// - Parameter observe: called with the state after each step.
  func unroll(
    _ request: SequenceRequest<Scalar>, from state: State, in context: inout ForwardContext<Scalar>,
    observe: (_ state: State) -> Void
  ) -> (outputs: Variable<Scalar>, state: State) {
    let request = request.validated(inputSize: inputSize)
    let (sequence, start) = (request.sequence, request.firstStep)
    var state = state
    var outputs: [Variable<Scalar>] = []
    context.forEachStep(start..<start + sequence.time) { now, context in
      let t = now - start
      if let resets = sequence.resets?.mask(at: t), resets.contains(true) {
        // Made anew each time, so that its gradients add up step by step, whatever segment of a sequence this is.
        let resetState = resetState(of: request, in: &context)
        state = state.keepingRows(resets.map { !$0 }, else: resetState)
      }
      let (output, next) = step(
        sequence.step(t, width: inputSize, pool: context.workspace.pool), from: state, in: &context)
      observe(next)
      outputs.append(output)
      state = (sequence.lengths.map { next.keepingRows($0.mask(at: t), else: state) } ?? next).inOwnNode
    }
    let all = Variable.stack(outputs)
    return (sequence.lengths.map { all.withoutPadding($0) } ?? all, state)
  }
}

extension RecurrentCell {
  /// State after a reset, each component [batch, width].
  fileprivate func resetState(of request: SequenceRequest<Scalar>, in context: inout ForwardContext<Scalar>) -> State {
    let batch = request.sequence.batch
    if request.resetState.isEmpty { return initialState(batchSize: batch, in: &context) }
    return State(components: request.resetState.map { $0.broadcast(to: [batch, $0.shape[0]]) })
  }
}

/// A cell that always runs step by step: the oracle for its fused pass.
public struct Unrolled<Cell: RecurrentCell>: RecurrentCell {
  public typealias Scalar = Cell.Scalar
  public var cell: Cell

  public init(_ cell: Cell) { self.cell = cell }

  public var inputSize: Int { cell.inputSize }
  public var hiddenSize: Int { cell.hiddenSize }
  public var stateWidths: [Int] { cell.stateWidths }

  public func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> Cell.State {
    cell.initialState(batchSize: batchSize, in: &context)
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {
    cell.updateRecurrentWeights(body)
  }

  public func step(
    _ input: Variable<Scalar>, from state: Cell.State, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: Cell.State) {
    cell.step(input, from: state, in: &context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try cell.visitParameters(&visitor)
  }
}

extension RecurrentState {
  /// This state by a tape node of its own: gradients from the next step are summed before they meet those from the
  /// output, as they are at the end of a segment.
  fileprivate var inOwnNode: Self {
    Self(components: components.map { component in .operation(component.value, of: [component]) { [$0] } })
  }

  /// This state where the mask holds, another one for the other sequences.
  fileprivate func keepingRows(_ mask: [Bool], else other: Self) -> Self {
    mask.allSatisfy { $0 }
      ? self : Self(components: zip(components, other.components).map { $0.keepingRows(mask, else: $1) })
  }
}

extension SequenceInput {
  /// The input of one step, [batch, width].
  ///
  /// - Parameter pool: memory of one-hot rows.
  fileprivate func step(_ t: Int, width: Int, pool: BufferPool) -> Variable<Scalar> {
    switch content {
    case .vectors(let input): input.row(t)
    case .tokens(let grid): Variable(.oneHot(grid.steps(t..<t + 1).ids, classes: width, pool: pool))
    case .embedded(let grid, let table): table.gatherRows(grid.steps(t..<t + 1).ids)
    }
  }
}
