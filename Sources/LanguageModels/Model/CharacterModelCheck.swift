import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore

/// A gradient check of a whole character model in double precision, on random weights, tokens and initial state.
public struct CharacterModelCheck {
  private let model: CharacterModel<Double>
  private let states: [(name: String, value: Tensor<Double>)]
  private let tokens: TokenGrid
  private let targets: [Int32]

  /// - Parameters:
  ///   - batch: sequences side by side.
  ///   - length: steps of each.
  ///   - seed: decides weights, tokens and state.
  public init(_ shape: ModelShape, batch: Int, length: Int, seed: UInt64) {
    var random = RandomSource(seed: seed)
    var model = CharacterModel<Double>(shape).drawn(using: &random)
    // Biases start at 0, where a wrong gradient could hide: every parameter is moved.
    var moves = random.substream(1)
    model.updateParameters { parameter, _ in
      parameter.value += .normal(parameter.value.shape, mean: 0, standardDeviation: 0.1, using: &moves)
    }
    self.model = model
    func draw() -> [Int32] {
      (0..<batch * length).map { _ in Int32.random(in: 0..<Int32(shape.vocabulary), using: &random) }
    }
    tokens = TokenGrid(ids: draw(), time: length, batch: batch)
    targets = draw()
    var states: [(name: String, value: Tensor<Double>)] = []
    // A state that is learned is a parameter, which an initial state given would hide.
    for (layer, components) in (shape.architecture.learnsInitialState ? [] : model.rnn.stateComponents).enumerated() {
      for (name, width) in components {
        states.append(
          (
            "initial \(name) l\(layer)",
            .normal([batch, width], mean: 0, standardDeviation: 0.5, using: &random)
          ))
      }
    }
    self.states = states
  }

  /// Names of what is compared: the initial states, then the parameters.
  public var names: [String] { states.map(\.name) + model.parameters.map(\.name) }

  /// Compares the gradients of the mean loss.
  ///
  /// - Parameters:
  ///   - device: where the model is computed.
  ///   - breaking: the name of a gradient to spoil on purpose, so that the check can be seen to fail.
  /// - Throws: `DeviceError` where the device lacks double precision, or fails.
  public func run(on device: Device = .cpu, breaking: String? = nil) throws(DeviceError) -> [GradientCheck.Comparison] {
    // A copy that fails at once is not worth the wait.
    _ = try model.on(device)
    let width = model.rnn.stateComponents[0].count
    let comparisons = GradientCheck.compare(
      model, inputs: states, on: device, mode: model.architecture.isRandomInTraining ? .training : .inference,
      breaking: breaking
    ) { model, inputs, context in
      let layers = stride(from: 0, to: inputs.count, by: width).map { Array(inputs[$0..<$0 + width]) }
      let (outputs, _) = model.read(tokens, from: layers.isEmpty ? nil : StackState(layers), in: &context)
      let logits = model.logits(model.droppingUnits(of: outputs, in: &context), in: context)
      return softmaxCrossEntropy(logits, targets: targets, in: context)
    }
    if let failure = device.failure { throw failure }
    return comparisons
  }
}
