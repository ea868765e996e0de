import Autograd
import NeuralLayers
import TensorCore

/// A model whose weights are a mean over the last updates of a model in training: it predicts better than the newest weights while
/// the learning rate is high.
///
/// After update t every weight a of the mean becomes a + (θ − a)·min(1, 1/(share·t)), θ being the newest: about the last
/// `share` of all updates counts, however many there are, so that no end has to be known. (Nearly the polynomial-decay averaging
/// of Shamir and Zhang, "Stochastic Gradient Descent for Non-smooth Optimization", 2013, whose η is 1/share − 1.)
struct WeightAverage<Model: Module> {
  /// From 0 to 1, not 0.
  let share: Double
  var model: Model

  /// Takes in the weights after an update, counted from 1. Statistics are taken as they are.
  mutating func add(_ newest: Model, update: Int) {
    let values = newest.parameters.map(\.parameter.value)
    var visitor = Averaging(values: values, weight: min(1, 1 / (share * Double(update))))
    model.visitParameters(&visitor)
  }

  private struct Averaging: ParameterVisitor {
    typealias Scalar = Model.Scalar

    var path = ParameterPath()
    let values: [Tensor<Scalar>]
    let weight: Double
    var index = 0

    mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) {
      defer { index += 1 }
      guard parameter.role == .trained, weight < 1 else {
        parameter.value = values[index]
        return
      }
      parameter.value *= Scalar(1 - weight)
      parameter.value.addScaled(Scalar(weight), values[index])
    }
  }
}
