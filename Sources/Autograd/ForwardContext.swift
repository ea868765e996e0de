import TensorCore

/// Whether a computation is part of training (dropout drops) or of inference (it does not).
public enum ForwardMode: Sendable { case training, inference }

/// What a forward pass is told explicitly: the tape (none means that no gradient will be asked for), the mode, the source of
/// randomness, and the workspace.
public struct ForwardContext<Scalar: TensorScalar> {
  public let tape: Tape<Scalar>?
  public let mode: ForwardMode
  public let workspace: Workspace<Scalar>
  private let random: RandomSource
  private var draws: UInt64 = 0
  /// The new values of statistics that this pass came to: `Module.updateStatistics` gives them to the model.
  public private(set) var statistics = PassStatistics<Scalar>()

  /// - Parameter random: the randomness of this pass alone; a training step passes a source derived from its number.
  public init(
    tape: Tape<Scalar>? = nil, mode: ForwardMode = .inference, random: RandomSource = RandomSource(seed: 0),
    workspace: Workspace<Scalar> = Workspace()
  ) {
    self.tape = tape
    self.mode = mode
    self.random = random
    self.workspace = workspace
  }

  /// The randomness of the next user in this pass (a dropout layer, say): a function of the pass and of how many asked before.
  public mutating func nextRandomSource() -> RandomSource {
    draws += 1
    return random.substream(draws)
  }

  /// The parameter as a variable, recorded on the tape if there is one. (A statistic is a constant.)
  ///
  /// - Precondition: the parameter has values, and under a tape it is bound; otherwise its gradient would have nowhere to go.
  public func variable(_ parameter: Parameter<Scalar>) -> Variable<Scalar> {
    require(
      parameter.isDrawn,
      "a parameter of shape \(parameter.shape) is used before its values were drawn: call initialize(using:) on the model"
    )
    guard let tape, parameter.role == .trained else { return Variable(parameter.value) }
    return tape.variable(parameter, slot: slot(of: parameter, "under a tape"))
  }

  /// Notes the value that a statistic is to have after this pass; the model itself does not change in a pass.
  ///
  /// - Precondition: the parameter is a statistic of the same shape, and bound.
  public mutating func update(_ statistic: Parameter<Scalar>, to value: Tensor<Scalar>) {
    if value.shape != statistic.shape { shapeFailure("update of a statistic", statistic.shape, value.shape) }
    require(statistic.role == .statistic, "update: a parameter of shape \(statistic.shape) is no statistic")
    statistics.values[slot(of: statistic, "in training")] = value
  }

  /// The value of a statistic as this pass has left it so far.
  public func latest(_ statistic: Parameter<Scalar>) -> Tensor<Scalar> {
    statistic.slot.flatMap { statistics.values[$0] } ?? statistic.value
  }

  private func slot(of parameter: Parameter<Scalar>, _ place: String) -> Int {
    guard let slot = parameter.slot else {
      programmingError(
        "a parameter of shape \(parameter.shape) is used \(place) before its model was bound; "
          + "if it was, visitParameters leaves the parameter out")
    }
    return slot
  }
}

/// What a pass in training found out beside its outputs: new values for statistics that layers keep.
public struct PassStatistics<Scalar: TensorScalar>: Sendable {
  /// By slot.
  package var values: [Int: Tensor<Scalar>] = [:]
}
