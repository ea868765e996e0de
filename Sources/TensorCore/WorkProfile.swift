import Dispatch
import Synchronization

/// Time by kind of work, summed over all threads of the process while it is watched.
///
/// The operations of this package account for themselves. Unwatched, that costs them one look at a flag.
public enum WorkProfile {
  /// A kind of work.
  public enum Work: String, CaseIterable, Sendable {
    /// Matrix products.
    case products
    /// Laying out matrices for products.
    case packing
    /// The pointwise part of recurrent steps, forward and backward.
    case gates
    /// Softmax and cross entropy.
    case loss
    /// Updates of parameters, and the norm of their gradients.
    case optimizer
    /// Looking up tokens, and adding to what was looked up.
    case input
    /// Sums and copies of tensors.
    case elementwise
    /// Copies between the host and a device.
    case transfer
    /// Waiting for other threads.
    case waiting
  }

  private final class Clock: Sendable {
    let nanoseconds = Atomic<Int>(0)
  }

  /// The number of the watch that is going on; 0 between watches.
  private static let current = Atomic<Int>(0)
  private static let watches = Atomic<Int>(0)
  private static let clocks = Work.allCases.map { _ in Clock() }

  /// Runs `body` and returns the seconds that each kind of work took meanwhile, summed over all threads. One at a time.
  public static func watch<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> [Work: Double] {
    for clock in clocks { clock.nanoseconds.store(0, ordering: .relaxed) }
    let number = watches.wrappingAdd(1, ordering: .relaxed).newValue
    current.store(number, ordering: .sequentiallyConsistent)
    defer { current.store(0, ordering: .sequentiallyConsistent) }
    try body()
    let seconds = clocks.map { Double($0.nanoseconds.load(ordering: .relaxed)) * 1e-9 }
    return Dictionary(uniqueKeysWithValues: zip(Work.allCases, seconds))
  }

  /// Runs `body` and accounts for its time.
  @inline(__always)
  static func account<Result, Failure: Error>(
    for work: Work, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let watch = current.load(ordering: .relaxed)
    guard watch != 0 else { return try body() }
    let began = DispatchTime.now().uptimeNanoseconds
    defer { add(Int(DispatchTime.now().uptimeNanoseconds - began), to: work, during: watch) }
    return try body()
  }

  /// Counts nothing that began in another watch: a thread may have waited since.
  private static func add(_ nanoseconds: Int, to work: Work, during watch: Int) {
    guard current.load(ordering: .relaxed) == watch else { return }
    clocks[Work.allCases.firstIndex(of: work)!].nanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
  }
}
