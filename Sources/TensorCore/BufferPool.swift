import Foundation
import Synchronization

/// Keeps the memory of dropped tensors for the next ones of about the same size.
///
/// A training step asks for the same sizes as the one before it, so that in the steady state nothing is taken from the
/// system and no page is touched for the first time. Storage allocated from a pool returns to it by itself.
///
/// Where sizes change from pass to pass, as with sequences of many lengths, a buffer serves sizes that it exceeds by an eighth at
/// most. Buffers that the current pass has not used go back to the system before more is taken, down to an eighth of what the
/// largest pass held: together at most about a quarter more than that pass.
public final class BufferPool: Sendable {
  private let shelves: Mutex<UncheckedSendableBox<BufferShelves>>
  /// Where the memory comes from.
  let source: MemorySource

  public convenience init() { self.init(of: .host) }

  init(of source: MemorySource) {
    shelves = Mutex(UncheckedSendableBox(BufferShelves(source: source)))
    self.source = source
  }

  /// A pool of a device's memory, or of the host's.
  public convenience init(on device: Device) { self.init(of: device.memorySource) }

  deinit { trim() }

  /// Bytes taken from the system and not given back: in use or waiting.
  public var bytesAllocated: Int { shelves.withLock { $0.value.bytesAllocated } }

  /// The most that `bytesAllocated` has been.
  package var peakBytes: Int { shelves.withLock { $0.value.peakBytes } }

  /// How often memory was taken from the system.
  public var allocations: Int { shelves.withLock { $0.value.allocations } }

  /// Begins a pass, a step of training for example: buffers that it does not use are the first to go. A `ForwardContext` does this.
  package func beginPass() { shelves.withLock { $0.value.beginPass() } }

  /// Gives the memory that waits for its next use back to the system: before work of other sizes, where memory is short.
  public func trim() { shelves.withLock { $0.value.trim() } }

  /// Memory of at least so many bytes, and how many it has.
  func take(byteCount: Int) -> (buffer: UnsafeMutableRawPointer, capacity: Int) {
    shelves.withLock { $0.value.take(byteCount: byteCount) }
  }

  func giveBack(_ buffer: UnsafeMutableRawPointer, capacity: Int) {
    shelves.withLock { $0.value.giveBack(buffer, capacity: capacity) }
  }
}

/// Waiting buffers by capacity, and the accounts of a pool.
private struct BufferShelves {
  private let source: MemorySource

  init(source: MemorySource) { self.source = source }

  private struct Waiting {
    let buffer: UnsafeMutableRawPointer
    /// The pass that used it last.
    let pass: Int
  }

  /// Buffers of each capacity, the last given back at the end.
  private var waiting: [Int: [Waiting]] = [:]
  private var pass = 0
  private var waitingBytes = 0
  /// Waiting bytes that the current pass has not used.
  private var staleBytes = 0
  /// The most bytes that a pass held.
  private var largestPass = 0
  /// Bytes taken in the current pass, each time counted.
  private var takenBytes = 0
  private(set) var bytesAllocated = 0 {
    didSet { peakBytes = max(peakBytes, bytesAllocated) }
  }
  private(set) var peakBytes = 0
  private(set) var allocations = 0

  mutating func beginPass() {
    largestPass = max(largestPass, bytesAllocated - staleBytes)
    pass += 1
    (staleBytes, takenBytes) = (waitingBytes, 0)
  }

  mutating func take(byteCount: Int) -> (buffer: UnsafeMutableRawPointer, capacity: Int) {
    takenBytes += byteCount
    if let buffer = waiting[byteCount]?.popLast() { return (leaving(buffer, byteCount), byteCount) }
    waiting = waiting.filter { !$0.value.isEmpty }
    if let capacity = waiting.keys.lazy.filter({ $0 > byteCount && $0 <= byteCount + byteCount / 8 }).min() {
      return (leaving(waiting[capacity]!.removeLast(), capacity), capacity)
    }
    // Who begins no passes uses what waits many times over before sizes change.
    if takenBytes > Self.longestPass * bytesAllocated { beginPass() }
    makeRoom(for: byteCount)
    bytesAllocated += byteCount
    allocations += 1
    return (source.allocate(byteCount), byteCount)
  }

  mutating func giveBack(_ buffer: UnsafeMutableRawPointer, capacity: Int) {
    waiting[capacity, default: []].append(Waiting(buffer: buffer, pass: pass))
    waitingBytes += capacity
  }

  /// Frees buffers that the current pass has not used, those first that were used the longest ago, until what is allocated with
  /// the bytes to come is an eighth more than the largest pass held, at most.
  private mutating func makeRoom(for byteCount: Int) {
    let held = max(largestPass, bytesAllocated - staleBytes + byteCount, Self.leastPass)
    while staleBytes > 0, bytesAllocated + byteCount > held + held / 8 {
      let capacity = waiting.min { $0.value[0].pass < $1.value[0].pass }!.key
      source.release(leaving(waiting[capacity]!.removeFirst(), capacity))
      if waiting[capacity]!.isEmpty { waiting[capacity] = nil }
      bytesAllocated -= capacity
    }
  }

  /// Takes a buffer that has left its shelf off the accounts of those that wait.
  private mutating func leaving(_ taken: Waiting, _ capacity: Int) -> UnsafeMutableRawPointer {
    waitingBytes -= capacity
    if taken.pass < pass { staleBytes -= capacity }
    return taken.buffer
  }

  /// Frees all buffers that wait.
  mutating func trim() {
    for (capacity, buffers) in waiting {
      for waiting in buffers { source.release(waiting.buffer) }
      bytesAllocated -= capacity * buffers.count
    }
    waiting = [:]
    (waitingBytes, staleBytes, largestPass) = (0, 0, 0)
  }

  /// Bytes below which passes count as equal: their buffers are not worth the search.
  private static let leastPass = 1 << 20
  /// Times that a pass takes as many bytes as are allocated, at most.
  private static let longestPass = 64
}

/// A value that is only ever touched under a lock.
struct UncheckedSendableBox<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}

private let hugePage = 2 << 20

/// Memory aligned for the widest vectors; large buffers are aligned to, and asked for as, 2 MiB pages.
func allocateBuffer(byteCount: Int) -> UnsafeMutableRawPointer {
  guard byteCount >= hugePage else {
    return UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 64), alignment: 64)
  }
  let buffer = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: hugePage)
  #if os(Linux)
    madvise(buffer, byteCount, MADV_HUGEPAGE)
  #endif
  return buffer
}
