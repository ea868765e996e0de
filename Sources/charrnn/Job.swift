import CharrnnCommandSupport
import Foundation
import SequenceModeling
import Synchronization

/// The processes that run a command together, where a launcher such as `mpirun` has started this one among others.
struct Job {
  private let command: String
  let group: ProcessGroup
  /// Name of each rank's host.
  let hosts: [String]

  /// The job that this process has joined; nil where it was started by itself.
  static var current: Job? { joined.withLock { $0 } }
  private static let joined = Mutex<Job?>(nil)

  /// Beginning of a command line that is run as this one: with as many ranks.
  static var launcher: String { current.map { "mpirun -n \($0.group.size) " } ?? "" }

  /// Runs a command in the job that this process was started in, or alone. An error of a rank ends all of them.
  static func run(_ command: String, _ body: (Job?) throws -> ExitCode) throws -> ExitCode {
    guard let job = try launched(command) else { return try body(nil) }
    joined.withLock { $0 = job }
    do {
      let code = try body(job)
      job.group.close()
      return code
    } catch { job.fail(error) }
  }

  /// The job that this process was started in; nil where it was started by itself. Ends it where the ranks differ in what decides
  /// what they do.
  private static func launched(_ command: String) throws -> Job? {
    let names = RankNames()
    if let launched, launched.rank == 0 {
      DispatchQueue.global().asyncAfter(deadline: .now() + patienceToJoin) {
        guard !names.areKnown else { return }
        notice(
          "waiting for all \(launched.size) processes to join: is each of them charrnn with the same command line?")
      }
    }
    let group: ProcessGroup?
    do {
      group = try ProcessGroup.launched { failure in
        let saved = command == TrainCommand.command.name ? ", and what it has saved is whole" : ""
        writeError("\(failure), on \(names[failure.rank]); the job ends\(saved)")
      }
    } catch { throw CommandFailure("\(error)", code: .unavailable) }
    guard let group else {
      if let launch = Launch.current, !launch.isJoined, launch.rank == 0 {
        notice("Slurm has started \(launch.size) tasks, and each runs by itself; srun --mpi=pmix joins them")
      }
      return nil
    }
    let host = ProcessInfo.processInfo.hostName
    let cores = "\(host) \(ThreadTeam.namesOfCores)"
    let sharing = group.allGather(cores).count { $0 == cores }
    let job = Job(
      command: command, group: group, hosts: group.allGather(host),
      usualThreads: max(1, ThreadTeam.availableCores / sharing))
    names.set(job.hosts)
    job.requireEqualRanks()
    return job
  }

  /// Decision of rank 0 about how all ranks read the text.
  struct Reading: Codable {
    let kind: TokenKind
    /// The vocabulary as JSON, and otherwise the size of one that is found, and bytes of memory for that.
    let vocabulary: String?
    let symbols: Int?
    let memory: Double?
    /// Fractions that are held out.
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
    guard agreed.isShared else { return nil }
    return try input.sharedCorpus(
      agreed.kind, vocabulary: agreed.vocabulary.map { try Vocabulary(json: $0, kind: agreed.kind) },
      symbols: agreed.symbols, memory: agreed.memory, heldOut: (agreed.validation, agreed.test), in: group
    ) { require(equal: $0, called: "the corpus", remedy: "copy the same files to every host") }
  }

  /// "4 processes on 2 hosts".
  var summary: String { "\(counted(group.size, "rank")) on \(counted(Set(hosts).count, "host"))" }

  var isLeader: Bool { group.rank == 0 }

  /// Threads of each rank, where no option says it: the cores that it may use, divided among the ranks of its host that may use the
  /// same ones.
  let usualThreads: Int

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
        + "\(Readable.fixed(100 * hidden, digits: 0))% of it hidden behind the backward pass, and updated parameters "
        + "\(milliseconds(parameters.seconds)) ms")
  }

  /// Ends the job with a failure of this rank.
  func fail(_ error: any Error) -> Never {
    Self.letFirstRankSpeak()
    // All ranks know it, and rank 0 still saves what it can.
    while error is TrainingDiverged && !isLeader { sleep(1) }
    let failure =
      (error as? CommandFailure) ?? (error as? OutputFailure)?.commandFailure
      ?? commandFailure(for: error, command: command)
    writeError("\(failure.message) (rank \(group.rank) on \(hosts[group.rank]))")
    group.abort(code: failure.code.rawValue)
  }

  /// Texts that this rank writes, of so many; rank 0 has the first.
  func share(of count: Int) -> Range<Int> { evenShare(of: count, part: group.rank, parts: group.size) }

  /// Values that the ranks have made, in the order of the ranks, on all of them.
  func gathered<Value: Codable>(_ own: [Value]) throws -> [Value] {
    let all = group.allGather(String(decoding: try JSONEncoder().encode(own), as: UTF8.self))
    return try all.flatMap { try JSONDecoder().decode([Value].self, from: Data($0.utf8)) }
  }

  /// Refuses standard input, which the launcher gives to rank 0 alone, and pipes, of which each reader gets a part.
  static func requireFile(_ path: String?, _ arguments: ParsedArguments) throws {
    guard let path, let current, current.group.size > 1 else { return }
    let isStandardInput = path == TextInput.standardInput
    guard isStandardInput || (try? SystemFiles().status(of: path))?.kind == .pipe else { return }
    let name = isStandardInput ? "standard input" : path.printable(atMost: 100)
    throw arguments.usageFailure(
      "\(name) can be read by one process of a job alone; name a file that all of them can read")
  }

  /// Waits on all ranks but the first, whose error ends the job: one that all share is said once.
  private static func letFirstRankSpeak() { if let launched, launched.rank > 0 { sleep(2) } }

  /// Seconds after which the user is told that some processes have not joined.
  private static let patienceToJoin = 30.0

  /// The launch of this process among others that it can join.
  fileprivate static var launched: Launch? { Launch.current.flatMap { $0.isJoined && $0.size > 1 ? $0 : nil } }

  /// The rank and its host, for an error before the job is joined.
  @Sendable
  static func errorSuffix() -> String {
    guard let launched else { return "" }
    letFirstRankSpeak()
    return " (rank \(launched.rank) on \(ProcessInfo.processInfo.hostName))"
  }

  /// Leaves standard output to rank 0. A launcher may give it a terminal of its own, and write to a file.
  static func prepareOutput() throws(OutputFailure) {
    guard let launch = Launch.current, launch.isJoined else { return }
    if launch.rank > 0 { try OutputChannel.standardOutput.silence() }
    Terminal.isForwarded.store(true, ordering: .relaxed)
  }

  private func requireEqualRanks() {
    require(equal: version, called: "the version")
    require(
      equal: InstructionSet.current.rawValue, called: "the instruction set",
      remedy: "CHARRNN_ISA=NAME in the environment of all chooses one that all have")
    let words = SystemText.commandLine.dropFirst().map { $0.printable(atMost: 200) }
    let all = group.allGather(words.joined(separator: "\0")).map {
      $0.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
    }
    for index in 0..<(all.map(\.count).max() ?? 0) {
      require(
        all.map { index < $0.count ? $0[index] : "nothing" }, called: "word \(index + 1) of the command line",
        remedy: "start all ranks with the same options")
    }
  }

  /// Ends the job unless a text is the same on all ranks.
  ///
  /// - Parameter remedy: what to do where it is not.
  func require(equal own: String, called what: String, remedy: String? = nil) {
    require(group.allGather(own), called: what, remedy: remedy)
  }

  /// - Parameter all: the texts of all ranks.
  private func require(_ all: [String], called what: String, remedy: String?) {
    guard let other = all.indices.first(where: { all[$0] != all[0] }) else { return }
    guard isLeader else {
      // Rank 0 says so and ends all.
      while true { sleep(1) }
    }
    fail(
      CommandFailure(
        "the ranks of a job must be alike: \(what) is \(all[0]) here, and \(all[other]) on rank \(other) on \(hosts[other])"
          + (remedy.map { "; \($0)" } ?? ""), code: .usage))
  }
}

extension Command {
  /// The command, which refuses to be run by several processes that would each do the whole.
  var inOneProcess: Command {
    Command(
      name: name, summary: summary, arguments: arguments, groups: groups, usual: usual, example: example
    ) { arguments in
      if let launched = Job.launched {
        throw arguments.usageFailure("\(name) is for one process, and \(launched.size) were started; start it alone")
      }
      return try run(arguments)
    }
  }
}

/// Names of hosts by rank, for a message from another thread.
private final class RankNames: Sendable {
  private let names = Mutex<[String]>([])

  var areKnown: Bool { names.withLock { !$0.isEmpty } }

  func set(_ hosts: [String]) { names.withLock { $0 = hosts } }

  subscript(rank: Int) -> String { names.withLock { $0.indices.contains(rank) ? $0[rank] : "its host" } }
}

private func writeError(_ text: String) { try? OutputChannel.standardError.write(errorLine(text)) }
