import CharrnnCommandSupport
import Foundation
import SequenceModeling
import Synchronization

/// The processes that train one model together, where a launcher such as `mpirun` has started this one among others.
struct TrainingJob {
  let group: ProcessGroup
  /// Name of each rank's host.
  let hosts: [String]

  /// The job that this process was started in; nil where it was started by itself. Ends it where the ranks differ in what decides a
  /// run.
  static func launched() throws -> TrainingJob? {
    let names = RankNames()
    let group: ProcessGroup?
    do {
      group = try ProcessGroup.launched { failure in
        writeError("\(failure), on \(names[failure.rank]); the job ends, and the state that was saved last is whole")
      }
    } catch { throw CommandFailure("\(error)", code: .unavailable) }
    guard let group else { return nil }
    let job = TrainingJob(group: group, hosts: group.allGather(ProcessInfo.processInfo.hostName))
    names.set(job.hosts)
    job.requireEqualRanks()
    return job
  }

  /// Decides, on rank 0, how all ranks read the text.
  struct Reading: Codable {
    let kind: String
    let validation, test: Double
    /// Whether each rank reads a part of it.
    let isShared: Bool
  }

  /// The text, of which this rank has a part; nil where each rank reads the whole.
  ///
  /// - Parameter reading: as decided on rank 0; nil elsewhere.
  func sharedCorpus(_ input: TextInput, _ reading: Reading?) throws -> Corpus? {
    let message = group.broadcast(try reading.map { Array(try JSONEncoder().encode($0)) } ?? [])
    let agreed = try JSONDecoder().decode(Reading.self, from: Data(message))
    guard agreed.isShared, let kind = TokenKind(rawValue: agreed.kind) else { return nil }
    return try input.sharedCorpus(
      kind, heldOut: (agreed.validation, agreed.test), in: group
    ) { require(equal: $0, called: "the fingerprint of the corpus") }
  }

  /// "4 processes on 2 hosts".
  var summary: String { "\(counted(group.size, "rank")) on \(counted(Set(hosts).count, "host"))" }

  var isLeader: Bool { group.rank == 0 }

  /// Threads of each rank: the cores that it may use, divided among the ranks of this host where they share them.
  func threadCount(_ arguments: ParsedArguments) -> Int {
    let local = hosts.count { $0 == hosts[group.rank] }
    // Ranks that are bound to some of the cores have those for themselves.
    let isBound = ThreadTeam.availableCores < ProcessInfo.processInfo.processorCount
    let usual = isBound ? ThreadTeam.availableCores : max(1, ThreadTeam.availableCores / local)
    return CommonOptions.threadCount(arguments, usual: usual)
  }

  /// Says what was sent in some steps of a run.
  func sayTraffic(steps: Int) {
    let traffic = group.traffic
    let (gradients, parameters) = (traffic[.gradients], traffic[.parameters])
    guard steps > 0, gradients.seconds > 0 else { return }
    let bytes = Double(gradients.bytesSent + parameters.bytesSent) / Double(steps)
    let hidden = max(0, 1 - gradients.waited / gradients.seconds)
    func milliseconds(_ seconds: Double) -> String { Readable.fixed(1000 * seconds / Double(steps), digits: 2) }
    notice(
      "rank 0 sent \(byteSize(bytes, rounded: .up)) a step; sums of gradients took \(milliseconds(gradients.seconds)) ms, "
        + "\(Readable.fixed(100 * hidden, digits: 0))% of it hidden behind the backward pass, updated parameters "
        + "\(milliseconds(parameters.seconds)) ms, agreement \(milliseconds(traffic[.agreement].seconds)) ms")
  }

  /// Ends the job with a failure of this rank.
  func fail(_ error: any Error) -> Never {
    // A failure that all ranks share is said by the first.
    if !isLeader { sleep(1) }
    let failure = (error as? CommandFailure) ?? commandFailure(for: error, command: "train")
    writeError("\(failure.message) (rank \(group.rank) on \(hosts[group.rank]))")
    group.abort(code: failure.code.rawValue)
  }

  private func requireEqualRanks() {
    let arguments = SystemText.commandLine.dropFirst().map(shellWord).joined(separator: " ")
    require(equal: version, called: "the version")
    require(equal: InstructionSet.current.rawValue, called: "the instruction set")
    require(equal: arguments, called: "the command line")
  }

  /// Ends the job unless a text is the same on all ranks.
  func require(equal own: String, called what: String) {
    let all = group.allGather(own)
    guard let other = all.indices.first(where: { all[$0] != all[0] }) else { return }
    guard isLeader else {
      // Rank 0 says so and ends all.
      while true { sleep(1) }
    }
    fail(
      CommandFailure(
        "the ranks of a job must be alike: \(what) is \(all[0]) here, and \(all[other]) on rank \(other) on \(hosts[other])",
        code: .usage))
  }
}

/// Names of hosts by rank, for a message from another thread.
private final class RankNames: Sendable {
  private let names = Mutex<[String]>([])

  func set(_ hosts: [String]) { names.withLock { $0 = hosts } }

  subscript(rank: Int) -> String { names.withLock { $0.indices.contains(rank) ? $0[rank] : "its host" } }
}

private func writeError(_ text: String) { try? OutputChannel.standardError.write(errorLine(text)) }
