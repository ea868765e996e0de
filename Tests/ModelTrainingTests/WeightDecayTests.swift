import Autograd
import ModelTraining
import NeuralLayers
import TensorCore
import Testing

@Suite struct WeightDecayTests {
  /// Names of the parameters, all equal to 1, that decay alone changes.
  private func decayed(_ decay: WeightDecay) -> Set<String> {
    var model = Network(seed: 3).bound()
    model.updateParameters { parameter, _ in parameter.value = .ones(parameter.value.shape) }
    var (task, context) = (ExclusiveOr(), ForwardContext<Double>(tape: Tape()))
    let gradients = task.loss(of: model, step: 0, in: &context).gradients()
    var optimizer = Optimizer(.sgd(learningRate: 0.1, decay: decay), for: model)
    optimizer.update(&model, with: gradients, scale: 0, team: ThreadTeam(threads: 1))
    return Set(model.parameters.filter { $0.parameter.value != .ones($0.parameter.value.shape) }.map(\.name))
  }

  @Test(arguments: [0, 1, 2])
  func decayIsForTheParametersOfItsScopeAndLeavesTheOthersAlone(kind: Int) {
    func decay(_ scope: WeightDecay.Scope) -> WeightDecay {
      [.l2(0.5, on: scope), .l1(0.5, on: scope), .decoupled(0.5, on: scope)][kind]
    }
    let names = Set(Network(seed: 3).parameters.map(\.name))
    let matrices: Set = ["hidden.weight", "output.weight"]
    #expect(names.subtracting(matrices) == ["hidden.bias", "output.bias"])
    #expect(decayed(decay(.all)) == names)
    #expect(decayed(decay(.matrices)) == matrices)
    #expect(decayed(decay(.allExcept(["bias"]))) == matrices)
    #expect(
      decayed(decay(.allExcept(["hidden.weight", "output.bias"])))
        == names.subtracting(["hidden.weight", "output.bias"]))
    #expect(decayed(decay(.allExcept(["hidden", "idden.weight", "weigh"]))) == names)
    #expect(decayed(.none) == [])
  }

  /// A name excludes the parameter of that name and those whose last parts it is.
  @Test func aNameExcludesTheParameterOfThatName() {
    let decay = WeightDecay.l2(1, on: .allExcept(["bias", "norm.weight"]))
    for name in ["bias", "hidden.bias", "norm.weight", "a.b.norm.weight"] {
      #expect(!decay.applies(to: name, shape: [2, 2]), "\(name)")
    }
    for name in ["rebias", "hidden.rebias", "bias.weight", "weight", "prenorm.weight"] {
      #expect(decay.applies(to: name, shape: [2]), "\(name)")
    }
  }
}
