import Autograd
import TensorCore

/// A sequence to run through one cell: the user's input, and what a stack adds to it.
public struct SequenceRequest<Scalar: TensorScalar> {
  public internal(set) var sequence: SequenceInput<Scalar>
  /// State after a reset, by component, [width]; empty for the cell's initial state.
  var resetState: [Variable<Scalar>] = []
  /// Position in a longer sequence that is run segment by segment; nil for a sequence that is run as a whole.
  var segment: SequenceSegment<Scalar>?
  /// Number of the cell in its stack.
  var cell = 0

  /// A request without anything that a stack would add.
  public init(_ sequence: SequenceInput<Scalar>) { self.sequence = sequence }

  /// Position of the first step in the longer sequence.
  var firstStep: Int { segment?.firstStep ?? 0 }

  /// See `SequenceInput.validated`.
  func validated(inputSize: Int) -> SequenceRequest { with(sequence.validated(inputSize: inputSize)) }

  /// This request with vectors in place of a table of more rows than the batch has positions: looking up products would
  /// be more work than the products. Segments of one sequence share the table, and keep it.
  var withoutLongTable: SequenceRequest { segment == nil ? with(sequence.withoutLongTable) : self }

  /// This request as constants: no gradient flows through it.
  func detached() -> SequenceRequest {
    var result = with(sequence.detached())
    result.resetState = resetState.map { $0.detached() }
    return result
  }

  func with(_ sequence: SequenceInput<Scalar>) -> SequenceRequest {
    var result = self
    result.sequence = sequence
    return result
  }
}

/// Position of a sequence in a longer one that is run segment by segment, with the results of one run over the whole.
struct SequenceSegment<Scalar: TensorScalar> {
  /// Position of its first step in the longer sequence.
  let firstStep: Int
  /// Sums that the backward passes over all segments share; nil where each segment has gradients of its own.
  let sums: SegmentSums<Scalar>?
}

/// Gradients of weights, summed by fused backward passes over the segments of a sequence from the last to the first. An
/// earlier segment continues the sums, so that all steps are summed in the order of one pass over the whole.
final class SegmentSums<Scalar: TensorScalar> {
  struct OfCell {
    let weights: WeightSums<Scalar>.SoFar
    /// Gradient of the cell's own parameters, [batch, P].
    let parameters: Tensor<Scalar>?
    /// Gradient of the state after resets, by component, [batch, width].
    let resetState: [Tensor<Scalar>]
  }

  /// By the number of the cell in its stack.
  var cells: [Int: OfCell] = [:]
}

extension SequenceInput {
  /// Some steps of the sequence. No gradient flows to the whole.
  func segment(_ steps: Range<Int>) -> SequenceInput {
    let content: Content =
      switch content {
      case .vectors(let input): .vectors(Variable(input.value.rows(steps)))
      case .tokens(let grid): .tokens(grid.steps(steps))
      case .embedded(let grid, let table): .embedded(grid.steps(steps), table: table.detached())
      }
    return SequenceInput(content: content, lengths: lengths?.segment(steps), resets: resets?.segment(steps))
  }
}
