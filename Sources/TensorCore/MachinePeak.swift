import CSequenceKernels
import Dispatch

/// The arithmetic limit of this machine, measured.
public enum MachinePeak {
  /// Floating-point operations a second that the threads of a team reach together on multiply-adds in registers: the best of
  /// several short bursts.
  public static func measure<Scalar: TensorScalar>(_ type: Scalar.Type, team: ThreadTeam) -> Double {
    let burst = Scalar.kernels.table.pointee.multiply_add_burst!
    var iterations: Int64 = 1000
    var best = 0.0
    for _ in 0..<16 {
      var operations = 0.0
      let began = DispatchTime.now().uptimeNanoseconds
      team.run { thread in
        let done = burst(iterations)
        if thread == 0 { operations = done * Double(team.count) }
      }
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - began) * 1e-9
      best = max(best, operations / seconds)
      if seconds < 0.02 { iterations *= 4 }
    }
    return best
  }
}
