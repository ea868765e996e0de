import TensorCore

/// Whether a computation is part of training (dropout drops) or of inference (it does not).
public enum ForwardMode: Sendable { case training, inference }

/// The explicit circumstances of a forward pass: the tape that records it (nil for no gradient), its mode, its random numbers
/// and its workspace.
///
/// A value is used for one pass. There is no global state behind it.
public struct ForwardContext<Scalar: TensorScalar> {
  public let tape: Tape<Scalar>?
  public let mode: ForwardMode
  public let workspace: Workspace<Scalar>
  /// New values of statistics that this pass computed; `Module.updateStatistics` stores them in the model.
  public private(set) var statistics = PassStatistics<Scalar>()
  /// Terms that training adds to the loss, each a single number; they are reported apart from it.
  public private(set) var penalties: [Variable<Scalar>] = []
  /// Lengths of the sequences in the variable that the next layer reads, [batch, time, …], whose rest is padding; nil where
  /// there is no padding. Whoever begins a pass sets it; a layer that changes the steps changes it too, one that returns a row
  /// for each sequence sets it to nil.
  public var lengths: SequenceLengths?
  /// Part of a batch that this pass computes; nil for a whole one. What is drawn for a sequence is then the same as in the whole.
  public var batchShard: BatchShard?
  private var randomness: PassRandomness
  /// Variables of the parameters that were computed in this pass, by generation.
  private var computed: [UInt64: Variable<Scalar>] = [:]

  /// - Parameter random: the random source of this pass alone; a training step derives it from its number.
  public init(
    tape: Tape<Scalar>? = nil, mode: ForwardMode = .inference, random: RandomSource = RandomSource(seed: 0),
    workspace: Workspace<Scalar> = Workspace()
  ) {
    self.init(tape: tape, mode: mode, randomness: PassRandomness(random), workspace: workspace)
    workspace.pool.beginPass()
  }

  private init(
    tape: Tape<Scalar>?, mode: ForwardMode, randomness: PassRandomness, workspace: Workspace<Scalar>
  ) {
    (self.tape, self.mode, self.randomness, self.workspace) = (tape, mode, randomness, workspace)
  }

  /// Random numbers for the next user in this pass (a dropout layer, say): a function of the pass and of the number of
  /// users before.
  public mutating func nextRandomSource() -> RandomSource { randomness.next() }

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
    return tape.variable(parameter, slot: parameter.requiredSlot("under a tape"))
  }

  /// A parameter of this pass alone whose gradient flows to a variable: a weight computed from another one (weight drop, say),
  /// for code that takes weights as parameters.
  package mutating func parameter(holding variable: Variable<Scalar>) -> Parameter<Scalar> {
    let parameter = Parameter(passing: variable.value)
    computed[parameter.generation] = variable
    return parameter
  }

  /// Adds a term to the objective of the training step, a single number: a penalty on activations, say.
  public mutating func penalize(_ term: Variable<Scalar>) { penalties.append(term) }

  /// Sets the value that a statistic is to have after this pass; the model itself does not change in a pass.
  ///
  /// - Precondition: the parameter is a statistic of the same shape, and bound.
  public mutating func update(_ statistic: Parameter<Scalar>, to value: Tensor<Scalar>) {
    statistics.update(statistic, to: value)
  }

  /// The value of a statistic after the updates of this pass so far.
  public func latest(_ statistic: Parameter<Scalar>) -> Tensor<Scalar> { statistics.latest(statistic) }
}

extension ForwardContext {
  /// Calls `body` for each time step with random numbers of that step alone, independent of the draws of other steps. All
  /// steps together count as one user of the pass's random numbers, or as none if they drew nothing.
  package mutating func forEachStep(
    _ steps: Range<Int>, _ body: (_ t: Int, _ context: inout ForwardContext<Scalar>) -> Void
  ) {
    let before = randomness
    let stream = randomness.next()
    let after = randomness
    var hasDrawn = false
    for t in steps {
      randomness = PassRandomness(stream.substream(UInt64(t) + 1))
      body(t, &self)
      hasDrawn = hasDrawn || randomness.draws > 0
    }
    randomness = hasDrawn ? after : before
  }

  /// A context for one segment of this pass, which continues its random numbers and is recorded on another tape, or none.
  ///
  /// - Parameter statistics: the statistics that earlier segments computed.
  package func segment(on tape: Tape<Scalar>?, statistics: PassStatistics<Scalar>) -> ForwardContext {
    var segment = ForwardContext(tape: tape, mode: mode, randomness: randomness, workspace: workspace)
    segment.statistics = statistics
    segment.batchShard = batchShard
    segment.computed = computed.mapValues { tape?.watch($0.value) ?? $0.detached() }
    return segment
  }

  /// Continues this pass after a segment of it.
  package mutating func advance(past segment: ForwardContext) {
    (randomness, statistics) = (segment.randomness, segment.statistics)
  }
}
