import Foundation

/// Failure to join the job that a process was started in.
public struct LaunchError: Error, CustomStringConvertible {
  public let description: String
}

/// Start of this process among others by a launcher, such as `mpirun` or `srun`, which says so in the environment.
package struct Launch: Sendable, Equatable {
  /// Number of this process, from 0, and the number of processes.
  package let rank, size: Int
  /// Whether the processes can join: Slurm starts some that are given no MPI, each of which runs by itself.
  package let isJoined: Bool

  /// Launch of this process; nil where it was started by itself.
  package static let current = Launch(in: ProcessInfo.processInfo.environment)

  /// Open MPI's and MPICH's launchers give a rank and a size. Slurm's gives a rank for PMIx, and the number of its tasks.
  package init?(in environment: [String: String]) {
    func number(_ names: String...) -> Int? { names.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first }
    let tasks = number("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")
    if let size = number("OMPI_COMM_WORLD_SIZE", "PMI_SIZE") {
      (rank, self.size, isJoined) = (number("OMPI_COMM_WORLD_RANK", "PMI_RANK") ?? 0, size, true)
    } else if let own = number("PMIX_RANK") {
      (rank, size, isJoined) = (own, tasks ?? 1, true)
    } else if let own = number("SLURM_PROCID"), let tasks = number("SLURM_STEP_NUM_TASKS"), tasks > 1 {
      (rank, size, isJoined) = (own, tasks, false)
    } else {
      return nil
    }
  }
}

extension ProcessGroup {
  /// The processes of the job that a launcher started this process in; nil where it was started by itself.
  ///
  /// - Parameter failed: told of a rank that is lost, before all processes end.
  /// - Throws: `LaunchError` where this package was built without its trait `MPI`, or MPI cannot be started.
  public static func launched(failed: @escaping @Sendable (RankFailure) -> Void) throws -> ProcessGroup? {
    #if MPI
      guard Launch.current?.isJoined == true else { return nil }
      return try ProcessGroup(connect: { try MPILink() }, failed: failed)
    #else
      guard let launch = Launch.current, launch.isJoined, launch.size > 1 else { return nil }
      throw LaunchError(
        description:
          "started as one of \(launch.size) processes, and built without MPI; build it with the package trait MPI"
      )
    #endif
  }
}
