import TensorCore

/// Whether a computation is part of training (dropout drops) or of inference (it does not).
public enum ForwardMode: Sendable { case training, inference }

/// What a forward pass is told explicitly: the tape (none means that no gradient will be asked for), the mode, the source of
/// randomness, and the workspace.
public struct ForwardContext<Scalar: TensorScalar> {
  public let tape: Tape<Scalar>?
  public let mode: ForwardMode
  public let workspace: Workspace<Scalar>
  private var random: RandomSource
  private var draws: UInt64 = 0
  /// The new values of statistics that this pass came to: `Module.updateStatistics` gives them to the model.
  public private(set) var statistics = PassStatistics<Scalar>()
  /// What stands for parameters that were computed in this pass, by their generations.
  private var computed: [UInt64: Variable<Scalar>] = [:]

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
    if !computed.isEmpty, let variable = computed[parameter.generation] { return variable }
    guard let tape, parameter.role == .trained else { return Variable(parameter.value) }
    return tape.variable(parameter, slot: slot(of: parameter, "under a tape"))
  }

  /// A parameter that stands for a variable in this pass: a weight that is computed from another one, for what knows weights
  /// as parameters. It has no slot, so that nothing that is kept for a parameter is taken for its own.
  package mutating func parameter(standingFor variable: Variable<Scalar>) -> Parameter<Scalar> {
    let parameter = Parameter(variable.value)
    computed[parameter.generation] = variable
    return parameter
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

extension ForwardContext {
  /// Calls `body` for each of some steps with randomness of that step alone, whatever the steps before drew. All of them
  /// together count as one user of the pass's randomness, if they drew any.
  package mutating func forEachStep(
    _ steps: Range<Int>, _ body: (_ t: Int, _ context: inout ForwardContext<Scalar>) -> Void
  ) {
    let (outer, before) = (random, draws)
    let own = outer.substream(before + 1)
    var haveDrawn = false
    for t in steps {
      (random, draws) = (own.substream(UInt64(t) + 1), 0)
      body(t, &self)
      haveDrawn = haveDrawn || draws > 0
    }
    (random, draws) = (outer, before + (haveDrawn ? 1 : 0))
  }
}

extension ForwardContext {
  /// A context to compute a part of this pass by itself: the randomness goes on from here; there is another tape, or none.
  ///
  /// - Parameter statistics: those that the parts before came to.
  package func part(on tape: Tape<Scalar>?, statistics: PassStatistics<Scalar>) -> ForwardContext {
    var part = ForwardContext(tape: tape, mode: mode, random: random, workspace: workspace)
    (part.draws, part.statistics) = (draws, statistics)
    part.computed = computed.mapValues { tape?.watch($0.value) ?? $0.detached() }
    return part
  }

  /// Goes on where a part ended.
  package mutating func goOn(after part: ForwardContext) {
    (draws, statistics) = (part.draws, part.statistics)
  }
}

/// What a pass in training found out beside its outputs: new values for statistics that layers keep.
public struct PassStatistics<Scalar: TensorScalar>: Sendable {
  /// By slot.
  package var values: [Int: Tensor<Scalar>] = [:]
}
