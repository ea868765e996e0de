import TensorCore

/// Whether a computation is part of training (dropout drops) or of inference (it does not).
public enum ForwardMode: Sendable { case training, inference }

/// State of a forward pass: the tape (nil where no gradient is needed), training or inference mode, the random source and
/// the workspace.
public struct ForwardContext<Scalar: TensorScalar> {
  public let tape: Tape<Scalar>?
  public let mode: ForwardMode
  public let workspace: Workspace<Scalar>
  private var random: RandomSource
  private var draws: UInt64 = 0
  /// New values of statistics computed in this pass; `Module.updateStatistics` stores them in the model.
  public private(set) var statistics = PassStatistics<Scalar>()
  /// Variables of the parameters that were computed in this pass, by generation.
  private var computed: [UInt64: Variable<Scalar>] = [:]

  /// - Parameter random: the random source of this pass alone; a training step derives it from its number.
  public init(
    tape: Tape<Scalar>? = nil, mode: ForwardMode = .inference, random: RandomSource = RandomSource(seed: 0),
    workspace: Workspace<Scalar> = Workspace()
  ) {
    self.tape = tape
    self.mode = mode
    self.random = random
    self.workspace = workspace
  }

  /// A random source for the next user in this pass (a dropout layer, say): a function of the pass and of the number of
  /// earlier calls.
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

  /// A parameter whose variable in this pass is a given one: a weight computed from another weight, for code that takes
  /// parameters. It has no slot, so that nothing cached for a bound parameter is used for it.
  package mutating func parameter(holding variable: Variable<Scalar>) -> Parameter<Scalar> {
    let parameter = Parameter(variable.value)
    computed[parameter.generation] = variable
    return parameter
  }

  /// Records the value of a statistic after this pass; the model itself does not change in a pass.
  ///
  /// - Precondition: the parameter is a statistic of the same shape, and bound.
  public mutating func update(_ statistic: Parameter<Scalar>, to value: Tensor<Scalar>) {
    if value.shape != statistic.shape { shapeFailure("update of a statistic", statistic.shape, value.shape) }
    require(statistic.role == .statistic, "update: a parameter of shape \(statistic.shape) is no statistic")
    statistics.values[slot(of: statistic, "in training")] = value
  }

  /// Current value of a statistic in this pass.
  public func latest(_ statistic: Parameter<Scalar>) -> Tensor<Scalar> {
    statistic.slot.flatMap { statistics.values[$0] } ?? statistic.value
  }

  private func slot(of parameter: Parameter<Scalar>, _ occasion: String) -> Int {
    guard let slot = parameter.slot else {
      programmingError(
        "a parameter of shape \(parameter.shape) is used \(occasion) before its model was bound; "
          + "if it was, visitParameters leaves the parameter out")
    }
    return slot
  }
}

extension ForwardContext {
  /// Calls `body` for each step with a random source of that step, independent of the draws of other steps. All steps
  /// together count as one user of the pass's random source, if any of them drew from it.
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
  /// A context for a segment of this pass with a tape of its own, or none; its random source continues from here.
  ///
  /// - Parameter statistics: statistics after the segments before.
  package func segment(on tape: Tape<Scalar>?, statistics: PassStatistics<Scalar>) -> ForwardContext {
    var segment = ForwardContext(tape: tape, mode: mode, random: random, workspace: workspace)
    (segment.draws, segment.statistics) = (draws, statistics)
    segment.computed = computed.mapValues { tape?.watch($0.value) ?? $0.detached() }
    return segment
  }

  /// Continues after a segment: takes over its draws and statistics.
  package mutating func advance(past segment: ForwardContext) {
    (draws, statistics) = (segment.draws, segment.statistics)
  }
}

/// New values of the statistics that layers keep, computed in a training pass.
public struct PassStatistics<Scalar: TensorScalar>: Sendable {
  /// Values by slot.
  package var values: [Int: Tensor<Scalar>] = [:]
}
