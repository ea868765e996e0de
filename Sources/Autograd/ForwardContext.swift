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

  /// The parameter as a variable, recorded on the tape if there is one.
  ///
  /// - Precondition: under a tape the parameter is bound; otherwise its gradient would have nowhere to go.
  public func variable(_ parameter: Parameter<Scalar>) -> Variable<Scalar> {
    guard let tape else { return Variable(parameter.value) }
    guard let slot = parameter.slot else {
      programmingError("a parameter of shape \(parameter.value.shape) is used under a tape before its model was bound")
    }
    return tape.variable(parameter, slot: slot)
  }
}
