import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Shows a training run: the progress line, validations, samples, and what went wrong.
final class TrainReport {
  private let run: CharacterRun
  private let limits: TrainingLimits
  private let lastStep: Int?
  /// Whether the run has done all its steps before it begins.
  private let isDoneAlready: Bool
  private let began = ProcessInfo.processInfo.systemUptime
  private var pace: StepPace
  private var display: ProgressDisplay
  private var state: ProgressState
  private var loss: Double?
  /// Mean of the penalties beside the loss; nil without any.
  private var penalty: Double?
  /// Loss of the last validation; nil before the first.
  var lastValidationLoss: Double? { state.validation?.loss }
  /// Patience with which a run that ended for the lack of it would train on; nil for one that did not.
  private(set) var morePatience: Int?
  /// Failure of writing samples; nil without one. The training continues without them.
  private(set) var outputFailure: OutputFailure?

  init(run: CharacterRun, limits: TrainingLimits) {
    self.run = run
    self.limits = limits
    lastStep = limits.lastStep(stepsPerEpoch: run.stepsPerEpoch)
    isDoneAlready = run.hasDecayed || lastStep.map { run.step >= $0 } ?? false
    pace = StepPace(began: began)
    display = ProgressDisplay(style: Terminal.progressStyle(of: .standardError))
    state = ProgressState(step: run.step, totalSteps: lastStep)
    // Losses from before a run was stopped, where it goes on.
    (loss, penalty) = (
      run.progress.meanLoss?.loss, run.progress.meanLoss.flatMap { $0.penalty == 0 ? nil : $0.penalty }
    )
  }

  /// Mean of the whole corpus, for training losses and speeds.
  private var charactersPerToken: Double {
    Double(run.corpus.characterCount) / Double(max(run.corpus.tokens.count, 1))
  }

  private func bits(_ loss: Double, charactersPerToken: Double) -> Double { loss / log(2) / charactersPerToken }

  func receive(_ event: RunEvent) {
    switch event {
    case .training(.step(let step)): show(step)
    case .training(.validated(let report)):
      state.validation = .init(
        loss: report.validationLoss,
        bitsPerCharacter: run.validationCharactersPerToken.map { bits(report.validationLoss, charactersPerToken: $0) },
        step: report.step)
      update()
    case .training(.skipped(let step, let reason)):
      pace.countStep()
      state.step = step
      say("step \(step) was left out: \(reason)")
    case .training(.rolledBack(let step, let rate, let reason)):
      pace.countStep()
      goBack(to: step)
      say("\(reason); the run goes back to step \(step) with learning rate \(rate)")
    case .sample(let step, let text):
      say("a sample after step \(step):")
      do { try writeSample(text) } catch { outputFailure = error }
    case .decaying(let steps, let reason):
      let cause =
        reason == .patience
        ? "no improvement in \(counted(run.progress.validationsSinceBest, "validation"))" : "the end is near"
      if reason == .patience { morePatience = run.progress.validationsSinceBest + (run.settings.patience ?? 0) }
      say("\(cause): the learning rate falls to 0 until step \(run.step + steps), the last")
    case .saveFailed(let error):
      // A job ends with it.
      if Job.current == nil { say("\(error); the training goes on, and saving is tried again") }
    }
  }

  /// Runs `body`; an error finds the progress line closed.
  func followingErrors<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      write(display.clear())
      throw error
    }
  }

  /// Leaves the last state on the screen, or says that there was nothing to do.
  func finish() {
    guard isDoneAlready else { return write(display.finish(state)) }
    guard let lastStep, run.step >= lastStep else {
      return notice(
        "nothing is left to train: the learning rate fell to 0 until step \(run.step); more steps or time train on from "
          + "before that")
    }
    notice(
      run.step == lastStep
        ? "nothing is left to train: the run has done all \(lastStep) steps; --steps \(2 * lastStep) trains on"
        : "nothing is left to train: the run has done \(counted(run.step, "step")), and \(lastStep) are asked for; --steps \(2 * run.step) trains on"
    )
  }

  /// Forgets what was measured on steps that are taken back.
  private func goBack(to step: Int) {
    (loss, penalty) = (nil, nil)
    (state.step, state.loss, state.penalty, state.bitsPerCharacter) = (step, nil, nil, nil)
    state.epoch = Double(step) / Double(run.stepsPerEpoch)
    if let validation = state.validation, validation.step > step { state.validation = nil }
  }

  private func show(_ step: StepReport) {
    pace.countStep()
    // An exponential mean over about the last twenty steps, so that the number can be read.
    loss = loss.map { $0 + 0.05 * (step.loss - $0) } ?? step.loss
    if step.penalty != 0 { penalty = penalty.map { $0 + 0.05 * (step.penalty - $0) } ?? step.penalty }
    state.penalty = penalty
    let now = ProcessInfo.processInfo.systemUptime
    let seconds = now - began
    state.step = step.step
    state.epoch = Double(step.step) / Double(run.stepsPerEpoch)
    state.loss = loss
    state.bitsPerCharacter = loss.map { bits($0, charactersPerToken: charactersPerToken) }
    state.charactersPerSecond = pace.stepsPerSecond(now: now).map {
      $0 * Double(run.tokensPerStep) * charactersPerToken
    }
    let untilSteps = lastStep.flatMap { pace.seconds(forSteps: $0 - step.step, now: now) }
    let untilTime = limits.seconds.map { max($0 - seconds, 0) }
    state.secondsLeft = [untilSteps, untilTime].compactMap { $0 }.min()
    state.fraction = limits.seconds == nil ? nil : state.secondsLeft.map { seconds / max(seconds + $0, 1e-9) }
    update()
  }

  private func update() {
    if isDoneAlready { return }
    display.style = Terminal.progressStyle(of: .standardError)  // the window may have another width now
    if let text = display.update(state, now: ProcessInfo.processInfo.systemUptime - began) { write(text) }
  }

  private func say(_ text: String) {
    write(display.clear())
    notice(text)
  }

  private func write(_ text: String) { try? OutputChannel.standardError.write(text) }
}
