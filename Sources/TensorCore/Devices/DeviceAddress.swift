/// Addresses that stand for places in the memory of devices.
///
/// A buffer of OpenCL is a handle without an address. Tensors and views count in addresses, so each buffer gets a range of
/// them, where no process has memory: bit 54 set, then the number of the device, then a position; ranges are used again when their buffers are gone. The host
/// cannot read there; launches translate an address into its buffer and the offset in it.
enum DeviceAddress {
  /// Devices that can be told apart.
  static let devices = 1 << (shift - positionBits)

  private static let shift = 54
  private static let positionBits = 48

  /// Number of the device whose memory an address is in; nil for the host's.
  @inline(__always)
  static func device(of address: UnsafeRawPointer) -> Int? {
    let address = UInt(bitPattern: address)
    return address >> shift == 1 ? Int(address >> positionBits & UInt(devices - 1)) : nil
  }

  /// Address of a position in the memory of a device.
  static func address(_ position: Int, of device: Int) -> UnsafeMutableRawPointer {
    require(position >> positionBits == 0, "DeviceAddress: the addresses of device \(device) are used up")
    return UnsafeMutableRawPointer(bitPattern: 1 << UInt(shift) | UInt(device) << positionBits | UInt(position))!
  }
}
