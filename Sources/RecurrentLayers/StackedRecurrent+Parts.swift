import Autograd
import NeuralLayers
import TensorCore

extension StackedRecurrent {
  /// Runs the parts of a sequence as one pass: what is drawn at random is what a run at once would draw.
  ///
  /// - Parameters:
  ///   - parts: one after the other, of the same sequences, without lengths or resets.
  ///   - isCut: whether no gradient flows from a part to the one before it.
  /// - Returns: the top layer's outputs at all steps, and the state after each part.
  package func run(
    parts: [SequenceInput<Scalar>], isCut: Bool, from state: [Cell.State]?, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, states: [[Cell.State]]) {
    if parts.count == 1 {
      let (outputs, next) = run(parts[0], from: state, in: &context)
      return (outputs, [next])
    }
    require(!isBidirectional, "StackedRecurrent: layers of two directions cannot run part by part")
    var carried = state ?? initialState(batchSize: parts[0].batch, in: &context)
    let stack = droppingWeights(in: &context)
    let beginning = context
    var (start, outputs, states) = (0, [Variable<Scalar>](), [[Cell.State]]())
    for var input in parts {
      input.part = SequencePart(start: start, sums: nil)
      // Each part draws from where the pass began: masks are a function of the pass and of the step.
      context = beginning
      let (ofPart, next) = stack.runAtOnce(input, from: carried, taking: .all, in: &context)
      outputs.append(ofPart)
      states.append(next)
      carried = isCut ? next.map { $0.detached() } : next
      start += input.time
    }
    return (.concatenate(outputs, axis: 0), states)
  }
}
