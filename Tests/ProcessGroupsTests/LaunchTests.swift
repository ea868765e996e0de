import ProcessGroups
import Testing

/// Environments of processes that launchers have started.
@Suite struct LaunchTests {
  @Test(arguments: [
    (["OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "8", "PMIX_RANK": "3"], 3, 8, true),
    (["PMI_RANK": "1", "PMI_SIZE": "4"], 1, 4, true),
    (["PMIX_RANK": "2", "SLURM_STEP_NUM_TASKS": "6", "SLURM_NTASKS": "12"], 2, 6, true),
    (["PMIX_RANK": "0"], 0, 1, true),
    (["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4"], 1, 4, false),
  ])
  func rankAndSizeAreThoseOfTheLauncher(environment: [String: String], rank: Int, size: Int, isJoined: Bool) throws {
    let launch = try #require(Launch(in: environment))
    #expect(launch.rank == rank && launch.size == size && launch.isJoined == isJoined)
  }

  /// The script of a Slurm job is one task, however many the job has.
  @Test(arguments: [
    [:], ["SLURM_PROCID": "0", "SLURM_NTASKS": "4"], ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"],
    ["OMPI_COMM_WORLD_SIZE": "many"],
  ])
  func aProcessThatWasStartedByItselfHasNone(environment: [String: String]) {
    #expect(Launch(in: environment) == nil)
  }
}
