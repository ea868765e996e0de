import Autograd
import CharrnnTestSupport
import Foundation
import ModelTraining
import NeuralLayers
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct StatisticTests {
  private func network(seed: UInt64) -> Sequential<Double> {
    Sequential(seed: seed) {
      Dense(3, 4, bias: false)
      BatchNorm(4)
    }
  }

  private let names = ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"]

  /// No optimizer has moments of a statistic or changes it, by gradient or by decay.
  @Test(
    arguments: OptimizerTests.settings
  )
  func noOptimizerHasMomentsOfAStatisticOrChangesIt(settings: OptimizerSettings) {
    var settings = settings
    settings.decay = .l2(0.5)
    var model = network(seed: 1).bound()
    var optimizer = Optimizer(settings, for: model)
    let moments = optimizer.namedMoments(of: model).map(\.name)
    #expect(moments.allSatisfy { !$0.contains("running") })
    #expect(moments.count % 3 == 0)
    let before = model.parameters.map(\.parameter.value)
    for _ in 0..<3 {
      let gradients = {
        var random = RandomSource(seed: 2)
        var context = ForwardContext<Double>(tape: Tape(), mode: .training)
        return model(Variable(.normal([5, 3], using: &random)), in: &context).tanh().squared().sum().gradients()
      }()
      optimizer.update(&model, with: gradients)
    }
    let changed = zip(model.parameters, before).filter { $0.parameter.value != $1 }.map(\.0.name)
    #expect(changed == ["0.weight", "1.weight", "1.bias"])
  }

  /// A file holds the statistics beside what is trained, and a model that is loaded still keeps them apart.
  @Test func aFileHoldsTheStatisticsBesideWhatIsTrained() throws {
    let scratch = try ScratchDirectory()
    let file = scratch.path(of: "statistics.safetensors")
    var model = network(seed: 1).bound()
    var context = ForwardContext<Double>(mode: .training)
    _ = model(Variable(.full([5, 3], 3)), in: &context)
    model.updateStatistics(from: context.statistics)
    try model.save(to: file)
    #expect(Set(try Checkpoint(contentsOf: file).names) == Set(names))
    var loaded = network(seed: 2)
    try loaded.load(from: file)
    #expect(loaded.parameters.map(\.name) == names)
    #expect(loaded.parameters.map(\.parameter.value) == model.parameters.map(\.parameter.value))
    #expect(loaded.parameters.map(\.parameter.role) == model.parameters.map(\.parameter.role))
    #expect(loaded.trainedParameters.map(\.name) == Array(names.prefix(3)))
  }
}
