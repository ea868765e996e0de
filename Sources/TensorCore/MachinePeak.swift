import CSequenceKernels

/// The arithmetic limit of this machine, measured.
public enum MachinePeak {
  /// Floating-point operations a second that the threads of a team reach together on multiply-adds in registers: the best of
  /// several short bursts.
  public static func measure<Scalar: TensorScalar>(_ type: Scalar.Type, team: ThreadTeam) -> Double {
    var trial = trial(type, team: team)
    for _ in 0..<16 { trial.measureSlice(seconds: sliceSeconds) }
    return trial.rates.max()!
  }

  /// Floating-point operations a second of the same multiply-adds over a longer time, at least 20 ms: the median of slices.
  ///
  /// Processors lower their clock under long load of wide vectors; what a long computation can reach is this, not the peak
  /// of a burst.
  public static func measureSustained<Scalar: TensorScalar>(
    _ type: Scalar.Type, team: ThreadTeam, seconds: Double
  ) -> Double {
    var trial = trial(type, team: team)
    for _ in 0..<max(1, Int(min(1e9, seconds / sliceSeconds))) { trial.measureSlice(seconds: sliceSeconds) }
    return median(of: trial.rates)
  }

  /// Multiply-adds in registers.
  static func trial<Scalar: TensorScalar>(_ type: Scalar.Type, team: ThreadTeam) -> SpeedTrial {
    let burst = Scalar.kernels.table.pointee.multiply_add_burst!
    let iterations: Int64 = 4000
    return SpeedTrial(operations: burst(iterations) * Double(team.count), team: team) { _, _ in _ = burst(iterations) }
  }

  private static let sliceSeconds = 0.02
}
