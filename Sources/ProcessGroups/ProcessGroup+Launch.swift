import Foundation

/// Failure to join the job that a process was started in.
public struct LaunchError: Error, CustomStringConvertible {
  public let description: String
}

extension ProcessGroup {
  /// Number of processes of the job that a launcher such as `mpirun` or `srun` started this process in; nil where it was started by
  /// itself.
  ///
  /// Open MPI's and MPICH's launchers give it to each process. Slurm's gives a rank for PMIx, and the number of its tasks.
  public static var launchedSize: Int? {
    number("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
      ?? number("PMIX_RANK").map { _ in number("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS") ?? 1 }
  }

  /// Number of tasks that Slurm started beside this one where they are not to join: it gives them no MPI. Nil on all but the first.
  public static var unjoinedSize: Int? {
    guard launchedSize == nil, number("SLURM_PROCID") == 0, let tasks = number("SLURM_STEP_NUM_TASKS") else {
      return nil
    }
    return tasks > 1 ? tasks : nil
  }

  /// Number of this process in that job.
  public static var launchedRank: Int? { number("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK") }

  /// The first of some variables of the environment that holds a number.
  private static func number(_ names: String...) -> Int? {
    let environment = ProcessInfo.processInfo.environment
    return names.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first
  }

  /// The processes of the job that a launcher started this process in; nil where it was started by itself.
  ///
  /// - Parameter failed: told of a rank that is lost, before all processes end.
  /// - Throws: `LaunchError` where this package was built without its trait `MPI`, or MPI cannot be started.
  public static func launched(failed: @escaping @Sendable (RankFailure) -> Void) throws -> ProcessGroup? {
    guard let size = launchedSize else { return nil }
    #if MPI
      _ = size
      return try ProcessGroup(connect: { try MPILink() }, failed: failed)
    #else
      if size == 1 { return nil }
      throw LaunchError(
        description:
          "started as one of \(size) processes, and built without MPI; build it with the package trait MPI"
      )
    #endif
  }
}
