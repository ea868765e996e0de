import Autograd
import TensorCore

/// Where a sequence stands in a longer one that is run part by part: all that it does is as if the whole were run at once.
struct SequencePart<Scalar: TensorScalar> {
  /// The first of its steps, in the whole.
  let start: Int
  /// What the fused passes back over all parts have in common, cell by cell; nil where each has gradients of its own.
  let sums: FusedSums<Scalar>?
  /// Which cell is run.
  var place = 0
}

/// The gradients of weights that fused passes back over the parts of a sequence, from the last to the first, have summed so
/// far. An earlier part adds to them, so that all steps are summed in the order of one pass over the whole.
final class FusedSums<Scalar: TensorScalar> {
  struct OfCell {
    let recurrent: WeightGradient<Scalar>.Sums
    let input: InputWeightGradient<Scalar>.Sums
    let projection: WeightGradient<Scalar>.Sums?
    let candidate: WeightGradient<Scalar>.Sums?
    /// Of each sequence, [batch, 3·hidden].
    let peepholes: Tensor<Scalar>?
    /// Of each sequence, [batch, 2 · width of all normalizations].
    let norms: Tensor<Scalar>?
    /// Of what sequences that forget begin with, [batch, width].
    let beginning: [Tensor<Scalar>]
  }

  /// By the place of the cell.
  var cells: [Int: OfCell] = [:]
}

extension SequenceInput {
  /// Some steps of the sequence as a part of it. Gradients do not flow to the whole.
  func part(_ steps: Range<Int>, sums: FusedSums<Scalar>) -> SequenceInput {
    let content: Content =
      switch content {
      case .vectors(let input): .vectors(Variable(input.value.rows(steps)))
      case .tokens(let grid): .tokens(grid.steps(steps))
      case .embedded(let grid, let table): .embedded(grid.steps(steps), table: table.detached())
      }
    return SequenceInput(
      content: content, lengths: lengths?.part(steps), resets: resets?.part(steps),
      part: SequencePart(start: steps.lowerBound, sums: sums))
  }
}
