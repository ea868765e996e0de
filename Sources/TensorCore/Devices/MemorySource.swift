/// Where the memory of buffers comes from.
enum MemorySource: Sendable, Equatable {
  case host
  /// The device of this number.
  case device(Int)

  /// Memory, aligned for the widest vectors; on a device its address, see `DeviceAddress`.
  func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    switch self {
    case .host: allocateBuffer(byteCount: byteCount)
    case .device(let number):
      OpenCLDevice.opened(number).map { device in
        device.withSession { Allocated($0.allocate(byteCount, device)) }.address
      }!
    }
  }

  func release(_ buffer: UnsafeMutableRawPointer) {
    switch self {
    case .host: buffer.deallocate()
    case .device(let number):
      let (device, buffer) = (OpenCLDevice.opened(number)!, Allocated(buffer))
      device.withSession { $0.release(buffer.address, device) }
    }
  }
}
