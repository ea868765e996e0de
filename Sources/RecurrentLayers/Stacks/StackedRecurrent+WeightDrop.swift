import Autograd
import NeuralLayers
import TensorCore

extension StackedRecurrent {
  /// The stack for one pass: in training, with a mask over the elements of each recurrent weight.
  func droppingWeights(in context: inout ForwardContext<Scalar>) -> StackedRecurrent {
    guard options.weightDrop > 0 && context.mode == .training else { return self }
    var stack = self
    for position in positions {
      if position.isReverse {
        stack.reverseCells[position.layer].dropWeights(options.weightDrop, in: &context)
      } else {
        stack.cells[position.layer].dropWeights(options.weightDrop, in: &context)
      }
    }
    return stack
  }
}

extension RecurrentCell {
  fileprivate mutating func dropWeights(_ probability: Double, in context: inout ForwardContext<Scalar>) {
    updateRecurrentWeights { weight in
      weight = context.parameter(
        holding: dropout(context.variable(weight), probability: probability, in: &context))
    }
  }

  /// Whether the cell has weights for weight drop.
  var hasRecurrentWeights: Bool {
    var (copy, count) = (self, 0)
    copy.updateRecurrentWeights { _ in count += 1 }
    return count > 0
  }
}
