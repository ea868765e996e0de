import TensorCore

/// Time of training steps by kind of work, as shares of the time of all threads of the team, those that rest included.
public struct StepProfile: Sendable {
  /// The time of a step, in milliseconds.
  public let millisecondsPerStep: Double
  /// By kind of work; together with `other` they make 1. A thread that rests is waiting.
  public let shares: [(work: WorkProfile.Work, share: Double)]
  /// The rest: the tape and the bookkeeping of a step, dropout.
  public let other: Double

  /// - Parameter train: trains on the team, and returns how many steps it made in how many seconds.
  init(team: ThreadTeam, train: () throws -> (steps: Int, seconds: Double)) throws {
    var trained = (steps: 0, seconds: 0.0)
    let seconds = try WorkProfile.watch {
      // A wait is accounted for when it ends, if it began in the watch: that of a thread that rests all along too.
      team.run { _ in }
      trained = try train()
      team.run { _ in }
    }
    let accounted = seconds.values.reduce(0, +)
    let all = max(trained.seconds * Double(team.size), accounted)
    millisecondsPerStep = 1000 * trained.seconds / Double(trained.steps)
    shares = WorkProfile.Work.allCases.map { ($0, seconds[$0]! / all) }
    other = 1 - accounted / all
  }
}
