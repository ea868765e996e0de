import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Losses of labellings compute on the host: scores on a device are copied there, and their gradients come back.
@Suite(.enabled(if: hasDevice))
struct DeviceLabellingTests {
  private let targets = [[1, 2], [0], [2]] as [[Int32]]

  /// Loss and gradients of a layer on the device whose outputs a loss on the host reads.
  private func expectAgreement(_ label: Comment, _ loss: (Variable<Double>) throws -> Variable<Double>) throws {
    var random = RandomSource(seed: 1)
    let layer = Dense<Double>(5, 3).drawn(using: &random).bound()
    let input = Tensor<Double>.normal([4, 3, 5], using: &random)
    let device = Device.openCL(try #require(testDevice))
    func results(on place: Device) throws -> [Tensor<Double>] {
      let model = try layer.on(place)
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape, workspace: Workspace(device: place))
      let x = tape.watch(try input.on(place))
      let value = try loss(model(x, in: &context).on(.cpu))
      let gradients = value.gradients()
      let found = [gradients[x]!] + model.parameters.map { gradients[$0.parameter]! }
      #expect(found.allSatisfy { $0.device == place } && value.value.device == .cpu, label)
      return [value.value] + (try found.map { try $0.on(.cpu) })
    }
    for (found, expected) in zip(try results(on: device), try results(on: .cpu)) {
      expectClose(found, expected, label)
    }
  }

  @Test func connectionistTemporalClassificationReadsACopy() throws {
    let targets = try CTCTargets([[1, 2], [], [2]], classes: 3)
    let lengths = try SequenceLengths([4, 1, 3], time: 4)
    try expectAgreement("from logits") { ctcLossFromLogits($0, targets: targets, lengths: lengths) }
    try expectAgreement("from log-probabilities") { ctcLoss($0.logSoftmax(), targets: targets, lengths: lengths) }
  }

  @Test func aConditionalRandomFieldReadsACopy() throws {
    var random = RandomSource(seed: 2)
    let field = ConditionalRandomField<Double>(tagCount: 3).drawn(using: &random)
    let targets = try TagSequences(targets, tagCount: 3)
    try expectAgreement("conditional random field") { emissions in
      var context = ForwardContext<Double>()
      return field.loss(emissions, targets: targets, in: &context)
    }
  }

  /// As a part of a model that was moved there.
  @Test func aConditionalRandomFieldOnADeviceIsCopied() throws {
    var random = RandomSource(seed: 2)
    let field = ConditionalRandomField<Double>(tagCount: 3).drawn(using: &random).bound()
    let emissions = Tensor<Double>.normal([4, 3, 3], using: &random)
    let targets = try TagSequences(targets, tagCount: 3)
    let device = Device.openCL(try #require(testDevice))
    func results(on place: Device) throws -> [Tensor<Double>] {
      let own = try field.on(place)
      var context = ForwardContext(tape: Tape<Double>(), workspace: Workspace(device: place))
      let loss = own.loss(Variable(emissions), targets: targets, in: &context)
      let gradients = loss.gradients()
      let found = own.parameters.map { gradients[$0.parameter]! }
      #expect(found.count == 3 && found.allSatisfy { $0.device == place })
      return [loss.value] + (try found.map { try $0.on(.cpu) })
    }
    for (found, expected) in zip(try results(on: device), try results(on: .cpu)) { #expect(found == expected) }
  }

  @Test func scoresOnADeviceStopWithWhatToDo() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let device = Device.openCL(try #require(testDevice))
      let scores = try Tensor<Double>.zeros([2, 1, 3]).on(device)
      _ = ctcLoss(Variable(scores), targets: try CTCTargets([[1]], classes: 3))
    }
    expectMessage("is read or written by the host; copy it with on(.cpu) first", from: result)
  }
}
