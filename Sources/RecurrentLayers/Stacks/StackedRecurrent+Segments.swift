import Autograd
import NeuralLayers
import TensorCore

extension StackedRecurrent {
  /// Runs consecutive segments of a sequence as one pass, with the same random draws as a run over the whole.
  ///
  /// - Parameters:
  ///   - segments: of the same sequences, without lengths or resets.
  ///   - isTruncated: whether the gradient stops at the start of each segment.
  /// - Returns: the top layer's outputs at all steps, and the state after each segment.
  package func run(
    segments: [SequenceInput<Scalar>], isTruncated: Bool, from state: [Cell.State]?,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, states: [[Cell.State]]) {
    if segments.count == 1 {
      let (outputs, next) = run(segments[0], from: state, in: &context)
      return (outputs, [next])
    }
    require(!isBidirectional, "StackedRecurrent: layers of two directions cannot run segment by segment")
    var carried = state ?? initialState(batchSize: segments[0].batch, in: &context)
    let stack = droppingWeights(in: &context)
    let atStart = context
    var (start, outputs, states) = (0, [Variable<Scalar>](), [[Cell.State]]())
    for segment in segments {
      var request = SequenceRequest(segment)
      request.segment = SequenceSegment(firstStep: start, sums: nil)
      // Each segment draws from the start of the pass: masks are a function of the pass and of the step.
      context = atStart
      let (output, next) = stack.runLayers(request, from: carried, taking: .all, in: &context)
      outputs.append(output)
      states.append(next)
      carried = isTruncated ? next.map { $0.detached() } : next
      start += segment.time
    }
    return (.concatenate(outputs, axis: 0), states)
  }
}
