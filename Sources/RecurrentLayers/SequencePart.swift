import Autograd
import TensorCore

/// Where a sequence stands in a longer one that is run part by part: all that it does is as if the whole were run at once.
struct SequencePart<Scalar: TensorScalar> {
  /// The first of its steps, in the whole.
  let start: Int
  /// What the fused passes back over all parts have in common, cell by cell.
  let sums: FusedSums<Scalar>
  /// Which cell is run.
  var place = 0
}

/// The gradients of weights that fused passes back over the parts of a sequence, from the last to the first, have summed so
/// far. In what order they add up, part by part, must be that of one pass over the whole.
final class FusedSums<Scalar: TensorScalar> {
  struct OfCell {
    let recurrent: WeightGradient<Scalar>
    let input: InputWeightGradient<Scalar>
    let projection: WeightGradient<Scalar>?
    let candidate: WeightGradient<Scalar>?
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
    func part(_ grid: TokenGrid) -> TokenGrid {
      let places = steps.lowerBound * grid.batch..<steps.upperBound * grid.batch
      return TokenGrid(ids: Array(grid.ids[places]), time: steps.count, batch: grid.batch)
    }
    let content: Content =
      switch content {
      case .vectors(let input): .vectors(Variable(input.value.rows(steps)))
      case .tokens(let grid): .tokens(part(grid))
      case .embedded(let grid, let table): .embedded(part(grid), table: table.detached())
      }
    return SequenceInput(
      content: content, lengths: lengths?.part(steps), resets: resets?.part(steps),
      part: SequencePart(start: steps.lowerBound, sums: sums))
  }
}
