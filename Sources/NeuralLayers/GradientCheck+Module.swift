import Autograd
import TensorCore

extension GradientCheck {
  /// Checks the gradients of a loss with respect to every parameter of a model and to further inputs.
  ///
  /// - Parameters:
  ///   - inputs: further variables that the loss depends on: the network's input, an initial state.
  ///   - mode: `training` checks with dropout; every evaluation then drops the same elements.
  ///   - breaking: the name of a gradient to spoil on purpose, so that the check can be seen to fail.
  ///   - loss: from the model and the inputs to a single number. It keeps none of the variables.
  public static func compare<Model: Module<Double>>(
    _ model: Model, inputs: [(name: String, value: Tensor<Double>)] = [], mode: ForwardMode = .inference,
    breaking: String? = nil,
    loss: (Model, [Variable<Double>], inout ForwardContext<Double>) -> Variable<Double>
  ) -> [Comparison] {
    let model = model.bound()
    let workspace = Workspace<Double>()
    let parameters = model.trainedParameters
    let all = inputs + parameters.map { ($0.name, $0.parameter.value) }
    var (analytic, failures) = analyticGradients { tape in
      var context = ForwardContext(tape: tape, mode: mode, random: RandomSource(seed: 1), workspace: workspace)
      let variables = inputs.map { tape.watch($0.value) }
      let gradients = loss(model, variables, &context).gradients()
      return zip(inputs, variables).map { gradients[$1] ?? .zeros(like: $0.value) }
        + parameters.map { gradients[$0.parameter] ?? .zeros(like: $0.parameter.value) }
    }
    if let broken = all.firstIndex(where: { $0.name == breaking }) {
      analytic[broken] = analytic[broken] * 1.001 + 1e-3
    }
    return compare(all, analytic: analytic) { values in
      var moved = model
      var next = inputs.count
      moved.updateParameters { parameter, _ in
        if parameter.role == .statistic { return }
        parameter.value = values[next]
        next += 1
      }
      var context = ForwardContext(mode: mode, random: RandomSource(seed: 1), workspace: workspace)
      return loss(moved, values.prefix(inputs.count).map { Variable($0) }, &context).value.scalar
    } + failures
  }
}
