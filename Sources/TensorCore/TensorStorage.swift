/// The memory of one or more tensors, released (or returned to its pool) with the last of them.
///
/// Safe to share because tensors copy before they write unless they are the only owner.
package final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  /// On a device, the address that stands for its memory: see `DeviceAddress`.
  let base: UnsafeMutablePointer<Scalar>
  let count: Int
  let pool: BufferPool?
  /// Where the memory is.
  var place: MemorySource { pool?.source ?? .host }
  /// The device that holds the memory; nil for the host.
  var device: OpenCLDevice? { OpenCLDevice.at(base) }
  /// Bytes of the memory, as the pool counts them.
  private let capacity: Int

  /// Memory for `count` scalars whose values are not set yet.
  init(count: Int, pool: BufferPool? = nil) {
    let byteCount = Self.byteCount(count)
    let buffer: UnsafeMutableRawPointer
    if let pool {
      (buffer, capacity) = pool.take(byteCount: byteCount)
    } else {
      (buffer, capacity) = (allocateBuffer(byteCount: byteCount), byteCount)
    }
    base = buffer.bindMemory(to: Scalar.self, capacity: count)
    self.count = count
    self.pool = pool
  }

  deinit {
    if let pool {
      pool.giveBack(UnsafeMutableRawPointer(base), capacity: capacity)
    } else {
      UnsafeMutableRawPointer(base).deallocate()
    }
  }

  /// Rounded up to a cache line, so that buffers of nearly equal sizes share a shelf.
  private static func byteCount(_ count: Int) -> Int {
    (max(count, 1) * MemoryLayout<Scalar>.stride + 63) & ~63
  }
}
