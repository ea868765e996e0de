#if MPI
  import CMPI
  import Foundation
  import TensorCore

  /// Messages by the message passing interface (MPI) of the system: Open MPI or MPICH.
  final class MPILink: MessageLink {
    let rank, size: Int
    private var messages: [Int: (request: CMPIRequest, rank: Int)] = [:]
    private var next = 0

    /// Joins the job that `mpirun` has started. The calling thread makes all further calls.
    init() throws(LaunchError) {
      var (rank, size): (Int32, Int32) = (0, 0)
      let code = cmpi_begin(&rank, &size)
      guard code == 0 else {
        throw LaunchError(
          description: code < 0
            ? "this MPI was built for one thread; install one that allows MPI_THREAD_FUNNELED"
            : "MPI cannot be started: its error \(code)")
      }
      (self.rank, self.size) = (Int(rank), Int(size))
    }

    func send(_ range: Range<Int>, of buffer: MessageBuffer, to rank: Int, tag: MessageTag) throws(RankFailure) -> Int {
      var request = CMPIRequest()
      let memory = buffer.memory(range)
      let code = cmpi_send(memory.baseAddress, Int32(range.count), Int32(rank), tag.rawValue, &request)
      return try add(request, code, rank)
    }

    func receive(
      _ range: Range<Int>, of buffer: MessageBuffer, from rank: Int, tag: MessageTag
    ) throws(RankFailure) -> Int {
      var request = CMPIRequest()
      let memory = buffer.memory(range)
      let code = cmpi_receive(memory.baseAddress, Int32(range.count), Int32(rank), tag.rawValue, &request)
      return try add(request, code, rank)
    }

    private func add(_ request: CMPIRequest, _ code: Int32, _ rank: Int) throws(RankFailure) -> Int {
      if code != 0 { throw RankFailure(rank: rank, problem: .broken) }
      next += 1
      messages[next] = (request, rank)
      return next
    }

    func isDone(_ message: Int) throws(RankFailure) -> Bool {
      guard let rank = messages[message]?.rank else { return true }
      let state = cmpi_is_done(&messages[message]!.request)
      if state < 0 { throw RankFailure(rank: rank, problem: .broken) }
      if state > 0 { messages[message] = nil }
      return state > 0
    }

    func close() { _ = cmpi_end() }

    func abort(code: Int32) -> Never {
      cmpi_abort(code)
      exit(code)
    }
  }
#endif
