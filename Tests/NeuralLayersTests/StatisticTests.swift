import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

/// Running statistics of layers within a network.
@Suite struct StatisticTests {
  private let input: Tensor<Double> = {
    var random = RandomSource(seed: 1)
    return .normal([8, 3], mean: 2, using: &random)
  }()

  private let network = Sequential<Double>(seed: 2) {
    BatchNorm(3)
    Sequential {
      Dense(3, 2)
      BatchNorm(2, momentum: 0.5)
    }
  }.bound()

  private func values(_ network: Sequential<Double>) -> [String: Tensor<Double>] {
    Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.parameter.value) })
  }

  @Test func everyLayerOfANetworkGetsItsOwn() {
    var model = network
    var context = ForwardContext<Double>(mode: .training)
    _ = model(Variable(input), in: &context)
    #expect(values(model) == values(network), "a pass changes no model")
    model.updateStatistics(from: context.statistics)

    // Input of the second layer: the first one's output by hand.
    let mean = input.mean(axis: 0)
    let variance = (input - mean).squared().mean(axis: 0)
    let normalized = (input - mean) / (variance + 1e-5).squareRoot()
    var plain = ForwardContext<Double>()
    let hidden = (network.layers[1] as! Sequential<Double>).layers[0](Variable(normalized), in: &plain).value
    let found = values(model)
    expectClose(found["0.running_mean"]!, mean * 0.1)
    expectClose(found["0.running_var"]!, variance * (8.0 / 7 * 0.1) + 0.9)
    expectClose(found["1.1.running_mean"]!, hidden.mean(axis: 0) * 0.5)
    let spread = (hidden - hidden.mean(axis: 0)).squared().mean(axis: 0)
    expectClose(found["1.1.running_var"]!, spread * (8.0 / 7 * 0.5) + 0.5)
    for (name, parameter) in network.trainedParameters { #expect(found[name] == parameter.value, "\(name)") }
  }

  @Test func gradientChecksLeaveThemOutAndAsTheyAre() {
    var model = network
    for _ in 0..<3 {
      var context = ForwardContext<Double>(mode: .training)
      _ = model(Variable(input), in: &context)
      model.updateStatistics(from: context.statistics)
    }
    for mode in [ForwardMode.training, .inference] {
      let comparisons = GradientCheck.compare(model, inputs: [(name: "input", value: input)], mode: mode) {
        softmaxCrossEntropy($0($1[0], in: &$2), targets: [0, 1, 1, 0, 1, 0, 0, 1], in: $2)
      }
      #expect(comparisons.map(\.name) == ["input"] + model.trainedParameters.map(\.name))
      // Batch normalization takes away what a bias before it adds: its gradient is zero in training.
      for comparison in comparisons {
        #expect(comparison.passes, "\(comparison.name), \(mode): relative error \(comparison.relativeError)")
        #expect(comparison.norm > 1e-9 || mode == .training && ["1.0.bias", "0.bias"].contains(comparison.name))
      }
    }
  }
}
