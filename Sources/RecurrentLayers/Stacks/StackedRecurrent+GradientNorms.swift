import Autograd
import NeuralLayers
import TensorCore

/// Gradient norms of a loss with respect to one component of a cell's state, step by step.
public struct StateGradientNorms: Sendable, Equatable {
  /// Number of the cell's layer; the lowest is 0.
  public let layer: Int
  /// Whether the cell reads backward.
  public let isReverse: Bool
  /// Name of the component: `hidden`, `cell`.
  public let component: String
  /// ‖∂L/∂hₜ‖ over all sequences and units, at each step in the order in which the cell reads.
  public let norms: [Double]
}

extension StackedRecurrent {
  /// Runs a sequence step by step and measures how the gradient of a loss changes on its way back through time: where
  /// it vanishes, nothing is learned from earlier steps (Hochreiter, 1991; Bengio, Simard and Frasconi, 1994).
  ///
  /// ∂L/∂hₜ is the total derivative: through the output of step t and through all later steps. After a sequence's end
  /// it is 0.
  ///
  /// - Parameters:
  ///   - context: with a tape; the parameters are bound.
  ///   - loss: from the top layer's outputs, [time, batch, outputSize], and the final state of every cell to a single number.
  /// - Returns: layer by layer, forward before backward, component by component.
  public func gradientNorms(
    over sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>,
    loss: (_ outputs: Variable<Scalar>, _ state: [Cell.State], _ context: inout ForwardContext<Scalar>)
      -> Variable<Scalar>
  ) -> [StateGradientNorms] {
    require(context.tape != nil, "gradientNorms: without a tape there are no gradients")
    var steps = Array(repeating: [Cell.State](), count: positions.count)
    let state = state ?? initialState(batchSize: sequence.batch, in: &context)
    let stack = droppingWeights(in: &context)
    let request = SequenceRequest(sequence)
    let (outputs, final) = stack.runLayers(request, from: state, taking: .all, in: &context) { position, state in
      for component in state.components where component.isRecorded { component.keepGradient() }
      steps[position.index].append(state)
    }
    let gradients = loss(outputs, final, &context).gradients()
    return zip(positions, steps).flatMap { position, states in
      Cell.State.componentNames.enumerated().map { index, name in
        let norms = states.map { gradients[$0.components[index]].map { Double($0.sumOfSquares()).squareRoot() } ?? 0 }
        return StateGradientNorms(
          layer: position.layer, isReverse: position.isReverse, component: name, norms: norms)
      }
    }
  }
}
