/// Choice of the number of threads by the time that steps take, where steps are alike and their results do not depend on it.
///
/// Small steps spend more time on handing work over than they save, and on a busy machine a step is done when its slowest
/// thread is. Neither can be told beforehand, so now and then a few steps are taken on another number of threads: only where
/// steps are short, or the threads did not get their cores, or some rest; and ever more rarely where it was in vain.
package struct ThreadPacer: Sendable {
  /// Threads for the next step.
  package private(set) var count: Int
  private let most: Int
  /// Seconds of the latest steps on the number of threads that was chosen.
  private var recent: [Double] = []
  /// Share of the chosen threads' time, of late, in which they had a core.
  private var presence = 1.0
  private var trial: Trial?
  private var stepsUntilTrial = patience
  private var interval = patience
  /// Whether the next trial is of more threads.
  private var triesMore = false

  private struct Trial {
    /// Threads before it.
    let chosen: Int
    let steps: Int
    /// Time for its steps in which the change is worth it.
    let limit: Double
    private(set) var seconds: [Double] = []

    init(chosen: Int, steps: Int, limit: Double) { (self.chosen, self.steps, self.limit) = (chosen, steps, limit) }

    mutating func count(_ step: Double) { seconds.append(step) }

    var isOver: Bool { seconds.count >= steps }
    var isLost: Bool { seconds.reduce(0, +) >= limit }
  }

  /// Steps before the first trial and after a change.
  private static let patience = 8
  private static let longestInterval = 4096
  /// Steps that are compared: as many as fill some turns of a busy core, within bounds.
  private static let fewestCompared = 3
  private static let mostCompared = 32
  private static let comparedTime = 0.03
  /// Steps below it may be too small for several threads, in seconds.
  private static let shortStep = 0.003
  /// Threads that have their cores for less of the time than this are disturbed.
  private static let fullPresence = 0.85
  /// Time of a trial's steps, as a share of the others', from which on the change is worth it.
  private static let gain = 0.97

  /// - Parameter most: the threads that there are.
  package init(most: Int) { (count, self.most) = (most, most) }

  /// Takes note of a step on `count` threads.
  ///
  /// - Parameters:
  ///   - seconds: its time.
  ///   - processorSeconds: the time that all threads of the process had a core meanwhile.
  package mutating func record(seconds: Double, processorSeconds: Double) {
    if most == 1 || !(seconds > 0 && seconds.isFinite) { return }
    if trial != nil {
      trial!.count(seconds)
      if trial!.isLost || trial!.isOver { conclude(trial!) }
      return
    }
    recent = recent.suffix(Self.mostCompared - 1) + [seconds]
    presence += (min(processorSeconds / (seconds * Double(count)), 1) - presence) / Double(Self.patience)
    stepsUntilTrial -= 1
    if stepsUntilTrial <= 0, recent.count >= compared, let other = candidate {
      let steps = compared
      trial = Trial(chosen: count, steps: steps, limit: Self.gain * recent.suffix(steps).reduce(0, +))
      count = other
    }
  }

  /// Steps of the next comparison.
  private var compared: Int {
    let steps = Self.comparedTime / mean(recent)
    return Int(min(max(steps, Double(Self.fewestCompared)), Double(Self.mostCompared)))
  }

  /// A number of threads that is worth a trial.
  private var candidate: Int? {
    let less = count > 1 && (mean(recent) < Self.shortStep || presence < Self.fullPresence) ? count / 2 : nil
    let more = count < most ? min(2 * count, most) : nil
    return triesMore ? more ?? less : less ?? more
  }

  private mutating func conclude(_ ended: Trial) {
    if ended.isLost {
      count = ended.chosen
      interval = min(2 * max(interval, ended.steps), Self.longestInterval)
      triesMore.toggle()
    } else {
      // Where no step further is left, the next trial is of what has just been slower.
      let goesOn = ended.chosen > count ? count > 1 : count < most
      (recent, presence, interval) = (ended.seconds, 1, goesOn ? Self.patience : 8 * Self.patience)
    }
    (trial, stepsUntilTrial) = (nil, interval)
  }

  private func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
}
