/// The progress of a training run. Values that are nil are not shown.
package struct ProgressState: Sendable, Equatable {
  package var step: Int
  package var totalSteps: Int?
  /// The fraction of the run that is done, 0 to 1, for a run whose end is not given by `totalSteps`.
  package var fraction: Double?
  package var epoch: Double?
  /// The training loss in nats per token.
  package var loss: Double?
  /// Penalties that training adds to the loss; nil without any.
  package var penalty: Double?
  package var bitsPerCharacter: Double?
  package var charactersPerSecond: Double?
  package var secondsLeft: Double?
  /// The latest validation loss, and its step.
  package var validation: Validation?

  package struct Validation: Sendable, Equatable {
    package var loss: Double
    package var bitsPerCharacter: Double?
    package var step: Int

    package init(loss: Double, bitsPerCharacter: Double? = nil, step: Int) {
      (self.loss, self.bitsPerCharacter, self.step) = (loss, bitsPerCharacter, step)
    }
  }

  package init(
    step: Int, totalSteps: Int? = nil, fraction: Double? = nil, epoch: Double? = nil, loss: Double? = nil,
    bitsPerCharacter: Double? = nil, charactersPerSecond: Double? = nil, secondsLeft: Double? = nil,
    validation: Validation? = nil
  ) {
    self.step = step
    self.totalSteps = totalSteps
    self.fraction = fraction
    self.epoch = epoch
    self.loss = loss
    self.bitsPerCharacter = bitsPerCharacter
    self.charactersPerSecond = charactersPerSecond
    self.secondsLeft = secondsLeft
    self.validation = validation
  }
}

/// The progress of a training run as text for standard error: one line that redraws itself on a terminal, plain lines
/// elsewhere. It writes nothing and reads no clock; each call returns the text to write.
package struct ProgressDisplay: Sendable {
  package enum Style: Sendable, Equatable {
    case redrawnLine(width: Int, color: Bool)
    case plainLines
  }

  /// The style; it can be set again when the terminal is resized.
  package var style: Style
  private var lastShown: Double?
  private var lastValidationStep: Int?
  private var isLineOpen = false

  package init(style: Style) { self.style = style }

  /// The text to write for `state`, or an empty one: on a terminal at most ten times a second, elsewhere after each validation
  /// and once a minute. `now` is in seconds, from any fixed moment.
  package mutating func update(_ state: ProgressState, now: Double) -> String? {
    switch style {
    case .redrawnLine(let width, let color):
      if let lastShown, now - lastShown < 0.1 { return nil }
      lastShown = now
      isLineOpen = true
      return "\r" + state.redrawnLine(width: width, color: color) + eraseToEnd
    case .plainLines:
      let isNew = state.validation != nil && state.validation?.step != lastValidationStep
      // None after a rollback: the validation of a step that was taken back is made again.
      lastValidationStep = state.validation?.step
      let start = lastShown ?? now
      lastShown = start
      guard isNew || now - start >= 60 else { return nil }
      lastShown = now
      return state.plainLine + "\n"
    }
  }

  /// The text that erases the progress line, to be written before other text (a notice, a sample). The next update redraws
  /// the line at once. Empty when there is no line.
  package mutating func clear() -> String {
    guard isLineOpen else { return "" }
    isLineOpen = false
    lastShown = nil
    return "\r" + eraseToEnd
  }

  /// The last line, which stays on the screen. Empty when not on a terminal, where it has been printed already.
  package mutating func finish(_ state: ProgressState) -> String {
    guard case .redrawnLine(let width, let color) = style else { return "" }
    isLineOpen = false
    return "\r" + state.redrawnLine(width: width, color: color) + eraseToEnd + "\n"
  }
}

private let eraseToEnd = "\u{1B}[K"
