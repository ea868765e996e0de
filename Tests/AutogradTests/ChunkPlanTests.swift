import Autograd
import TensorCore
import Testing

struct ChunkPlanTests {
  /// Without a barrier a thread reads the rows of a shard that it wrote itself: its part of the batch holds them all.
  @Test(arguments: 1...9, 1...5)
  func threadsThatDoNotMeetHaveWholeShards(batch: Int, threads: Int) {
    let (plan, team) = (ChunkPlan(time: 30, batch: batch), ThreadTeam(threads: threads))
    if plan.needsBarrier(for: team) { return }
    for thread in 0..<threads {
      let rows = team.part(of: batch, for: thread)
      for (shard, _) in plan.share(of: 40, unit: 8, thread, team) {
        #expect(rows.contains(plan.shards[shard].lowerBound) && rows.upperBound >= plan.shards[shard].upperBound)
      }
    }
  }

  @Test func asManyThreadsAsShardsDoNotMeet() {
    #expect(!ChunkPlan(time: 30, batch: 6).needsBarrier(for: ThreadTeam(threads: 2)))
    #expect(ChunkPlan(time: 30, batch: 1).needsBarrier(for: ThreadTeam(threads: 2)))
  }
}
