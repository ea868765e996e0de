/// Where a training run stands. What is nil is not shown.
package struct ProgressState: Sendable, Equatable {
  package var step: Int
  package var totalSteps: Int?
  /// How much of the run is done, 0 to 1, where its end is known otherwise than by `totalSteps`.
  package var fraction: Double?
  package var epoch: Double?
  /// Nats per token.
  package var loss: Double?
  package var bitsPerCharacter: Double?
  package var charactersPerSecond: Double?
  package var secondsLeft: Double?
  /// The newest validation loss, and the step it was measured at.
  package var validation: Validation?

  package struct Validation: Sendable, Equatable {
    package var loss: Double
    package var step: Int

    package init(loss: Double, step: Int) {
      self.loss = loss
      self.step = step
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

  /// May be set anew when the terminal is resized.
  package var style: Style
  private var lastShown: Double?
  private var lastValidationStep: Int?
  private var isLineOpen = false

  package init(style: Style) { self.style = style }

  /// The text to write for `state`, if it is time for one: on a terminal at most ten times a second; elsewhere after each
  /// validation, and once a minute. `now` is in seconds, from any fixed moment.
  package mutating func update(_ state: ProgressState, now: Double) -> String? {
    switch style {
    case .redrawnLine(let width, let color):
      if let lastShown, now - lastShown < 0.1 { return nil }
      lastShown = now
      isLineOpen = true
      return "\r" + state.redrawnLine(width: width, color: color) + eraseToEnd
    case .plainLines:
      let isNew = state.validation?.step != lastValidationStep
      let start = lastShown ?? now
      lastShown = start
      guard isNew || now - start >= 60 else { return nil }
      lastShown = now
      lastValidationStep = state.validation?.step
      return state.plainLine + "\n"
    }
  }

  /// What to write before anything else goes to the terminal (a notice, a sample): takes the line away; the next update
  /// draws it again at once. Empty where no line stands.
  package mutating func clear() -> String {
    guard isLineOpen else { return "" }
    isLineOpen = false
    lastShown = nil
    return "\r" + eraseToEnd
  }

  /// The last state, to stay on the screen. Empty off a terminal, where the lines already say it.
  package mutating func finish(_ state: ProgressState) -> String {
    guard case .redrawnLine(let width, let color) = style else { return "" }
    isLineOpen = false
    return "\r" + state.redrawnLine(width: width, color: color) + eraseToEnd + "\n"
  }
}

private let eraseToEnd = "\u{1B}[K"
