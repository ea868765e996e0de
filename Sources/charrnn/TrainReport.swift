import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Shows a training run: the progress line, validations, samples, and what went wrong.
final class TrainReport {
  private let run: CharacterRun
  private let limits: TrainingLimits
  private let lastStep: Int?
  private let firstStep: Int
  private let began = ProcessInfo.processInfo.systemUptime
  private var display: ProgressDisplay
  private var state: ProgressState
  private var loss: Double?
  /// Mean of the penalties beside the loss; nil without any.
  private var penalty: Double?
  /// Failure of writing samples; nil without one. The training continues without them.
  private(set) var outputFailure: OutputFailure?

  init(run: CharacterRun, limits: TrainingLimits) {
    self.run = run
    self.limits = limits
    lastStep = limits.lastStep(stepsPerEpoch: run.stepsPerEpoch)
    firstStep = run.step
    display = ProgressDisplay(style: Terminal.progressStyle(of: .standardError))
    state = ProgressState(step: run.step, totalSteps: lastStep)
  }

  func receive(_ event: RunEvent) {
    switch event {
    case .training(.step(let step)): show(step)
    case .training(.validated(let report)):
      state.validation = .init(loss: report.validationLoss, step: report.step)
      update()
    case .training(.skipped(let step, let reason)): say("step \(step) was left out: \(reason)")
    case .training(.rolledBack(let step, let rate, let reason)):
      say("\(reason); the run goes back to step \(step) with learning rate \(rate)")
    case .sample(let step, let text):
      say("a sample after step \(step):")
      do { try writeSample(text) } catch { outputFailure = error }
    case .saveFailed(let error): say("\(error); the training goes on, and saving is tried again")
    }
  }

  /// Runs `body`; an error finds the progress line closed.
  func followingErrors<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      write(display.clear())
      throw error
    }
  }

  /// Leaves the last state on the screen.
  func finish() { write(display.finish(state)) }

  private func show(_ step: StepReport) {
    // An exponential mean over about the last twenty steps, so that the number can be read.
    loss = loss.map { $0 + 0.05 * (step.loss - $0) } ?? step.loss
    if step.penalty != 0 { penalty = penalty.map { $0 + 0.05 * (step.penalty - $0) } ?? step.penalty }
    state.penalty = penalty
    let seconds = ProcessInfo.processInfo.systemUptime - began
    let done = step.step - firstStep
    state.step = step.step
    state.epoch = Double(step.step) / Double(run.stepsPerEpoch)
    state.loss = loss
    let characters = Double(run.corpus.characterCount) / Double(max(run.corpus.tokens.count, 1))
    state.bitsPerCharacter = loss.map { $0 / log(2) / characters }
    state.charactersPerSecond = Double(done * run.tokensPerStep) * characters / max(seconds, 1e-9)
    let untilSteps = lastStep.map { Double($0 - step.step) * seconds / Double(max(done, 1)) }
    let untilTime = limits.seconds.map { max($0 - seconds, 0) }
    state.secondsLeft = [untilSteps, untilTime].compactMap { $0 }.min()
    state.fraction = limits.seconds == nil ? nil : state.secondsLeft.map { seconds / max(seconds + $0, 1e-9) }
    update()
  }

  private func update() {
    display.style = Terminal.progressStyle(of: .standardError)  // the window may have another width now
    if let text = display.update(state, now: ProcessInfo.processInfo.systemUptime - began) { write(text) }
  }

  private func say(_ text: String) {
    write(display.clear())
    notice(text)
  }

  private func write(_ text: String) { try? OutputChannel.standardError.write(text) }
}
