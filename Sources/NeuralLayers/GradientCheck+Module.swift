import Autograd
import TensorCore

extension GradientCheck {
  /// Checks the gradients of a loss with respect to every parameter of a model and to further inputs.
  ///
  /// - Parameters:
  ///   - inputs: further variables that the loss depends on: the network's input, an initial state.
  ///   - device: where the loss is computed; the parameters and inputs are copied there.
  ///   - mode: `training` checks with dropout; every evaluation then drops the same elements.
  ///   - breaking: the name of a gradient to spoil on purpose, so that the check can be seen to fail.
  ///   - loss: from the model and the inputs to a single number. It keeps none of the variables.
  public static func compare<Model: Module<Double>>(
    _ model: Model, inputs: [(name: String, value: Tensor<Double>)] = [], on device: Device = .cpu,
    mode: ForwardMode = .inference, breaking: String? = nil,
    loss: (Model, [Variable<Double>], inout ForwardContext<Double>) -> Variable<Double>
  ) -> [Comparison] {
    let model = model.bound()
    let workspace = Workspace<Double>(device: device)
    let parameters = model.trainedParameters
    let all = inputs + parameters.map { ($0.name, $0.parameter.value) }
    let copy = model.copied(to: device)
    var (analytic, failures) = analyticGradients { tape in
      var context = ForwardContext(tape: tape, mode: mode, random: RandomSource(seed: 1), workspace: workspace)
      let variables = inputs.map { tape.watch($0.value.copied(to: device)) }
      let gradients = loss(copy, variables, &context).gradients()
      return zip(inputs, variables).map { gradients[$1]?.forHost() ?? .zeros(like: $0.value) }
        + parameters.map { gradients[$0.parameter]?.forHost() ?? .zeros(like: $0.parameter.value) }
    }
    if let broken = all.firstIndex(where: { $0.name == breaking }) {
      analytic[broken] = analytic[broken] * 1.001 + 1e-3
    }
    return compare(all, analytic: analytic) { values in
      var moved = copy
      var next = inputs.count
      moved.updateParameters { parameter, _ in
        if parameter.role == .statistic { return }
        parameter.value = values[next].copied(to: device)
        next += 1
      }
      var context = ForwardContext(mode: mode, random: RandomSource(seed: 1), workspace: workspace)
      return loss(moved, values.prefix(inputs.count).map { Variable($0.copied(to: device)) }, &context).value.forHost()
        .scalar
    } + failures
  }
}
