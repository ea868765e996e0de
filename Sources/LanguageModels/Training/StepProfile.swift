import TensorCore

/// Time of training steps by kind of work, as shares of the time of all threads.
public struct StepProfile: Sendable {
  /// The time of a step, in milliseconds.
  public let millisecondsPerStep: Double
  /// By kind of work; together with `other` they make 1.
  public let shares: [(work: WorkProfile.Work, share: Double)]
  /// The rest: the tape and the bookkeeping of a step, dropout, sums of gradients.
  public let other: Double

  /// - Parameter train: trains, and returns how many steps it made in how many seconds.
  init(threads: Int, train: () throws -> (steps: Int, seconds: Double)) throws {
    var trained = (steps: 0, seconds: 0.0)
    let seconds = try WorkProfile.watch { trained = try train() }
    let all = trained.seconds * Double(threads)
    millisecondsPerStep = 1000 * trained.seconds / Double(trained.steps)
    shares = WorkProfile.Work.allCases.map { ($0, seconds[$0]! / all) }
    other = max(0, 1 - shares.reduce(0) { $0 + $1.share })
  }
}
