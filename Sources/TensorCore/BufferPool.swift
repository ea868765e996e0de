import Foundation
import Synchronization

/// Keeps the memory of dropped tensors for the next ones of the same size.
///
/// A training step asks for the same sizes as the one before it, so that in the steady state nothing is taken from the
/// system and no page is touched for the first time. Storage allocated from a pool returns to it by itself.
public final class BufferPool: Sendable {
  private struct Shelf {
    var buffers: [Int: [UnsafeMutableRawPointer]] = [:]
    var bytesAllocated = 0 {
      didSet { peakBytes = max(peakBytes, bytesAllocated) }
    }
    var peakBytes = 0
    var allocations = 0
  }

  private let shelf = Mutex(UncheckedSendableBox(Shelf()))

  public init() {}

  deinit { shelf.withLock { Self.free($0.value) } }

  /// Bytes taken from the system so far and not given back: in use or waiting.
  public var bytesAllocated: Int { shelf.withLock { $0.value.bytesAllocated } }

  /// The most that `bytesAllocated` has been.
  package var peakBytes: Int { shelf.withLock { $0.value.peakBytes } }

  /// How often memory was taken from the system.
  public var allocations: Int { shelf.withLock { $0.value.allocations } }

  /// Gives the memory that waits for its next use back to the system: before work of other sizes, where memory is short.
  public func trim() {
    shelf.withLock { shelf in
      Self.free(shelf.value)
      shelf.value.bytesAllocated -= shelf.value.buffers.reduce(0) { $0 + $1.key * $1.value.count }
      shelf.value.buffers = [:]
    }
  }

  func take(byteCount: Int) -> UnsafeMutableRawPointer {
    shelf.withLock { shelf in
      if let buffer = shelf.value.buffers[byteCount]?.popLast() { return buffer }
      shelf.value.bytesAllocated += byteCount
      shelf.value.allocations += 1
      return allocateBuffer(byteCount: byteCount)
    }
  }

  func giveBack(_ buffer: UnsafeMutableRawPointer, byteCount: Int) {
    shelf.withLock { $0.value.buffers[byteCount, default: []].append(buffer) }
  }

  private static func free(_ shelf: Shelf) {
    for buffers in shelf.buffers.values { for buffer in buffers { buffer.deallocate() } }
  }
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
