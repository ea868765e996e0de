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
    let chosen: Int
    var seconds: [Double] = []
  }

  /// Steps before the first trial and after a change: enough to know how long they take.
  private static let patience = 8
  private static let longestInterval = 1024
  private static let stepsOfTrial = 3
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
    if most == 1 || !(seconds > 0) { return }
    if var current = trial {
      current.seconds.append(seconds)
      trial = current
      if current.seconds.count == Self.stepsOfTrial { conclude(current) }
      return
    }
    recent = recent.suffix(Self.patience - 1) + [seconds]
    presence += (min(processorSeconds / (seconds * Double(count)), 1) - presence) / Double(Self.patience)
    stepsUntilTrial -= 1
    if stepsUntilTrial <= 0, let other = candidate {
      trial = Trial(chosen: count)
      count = other
    }
  }

  /// A number of threads that is worth a trial.
  private var candidate: Int? {
    let less = count > 1 && (median(recent) < Self.shortStep || presence < Self.fullPresence) ? count / 2 : nil
    let more = count < most ? min(2 * count, most) : nil
    return triesMore ? more ?? less : less ?? more
  }

  private mutating func conclude(_ ended: Trial) {
    let isBetter = median(ended.seconds) < Self.gain * median(recent)
    if isBetter {
      (recent, presence, interval) = (ended.seconds, 1, Self.patience)
    } else {
      count = ended.chosen
      interval = min(2 * interval, Self.longestInterval)
      triesMore.toggle()
    }
    (trial, stepsUntilTrial) = (nil, interval)
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
