/// Where a tensor's elements are, and where its operations are computed.
public enum Device: Sendable, Hashable, CustomStringConvertible {
  /// The host's memory, and the kernels of its processor.
  case cpu
  /// A device of the system's OpenCL library.
  case openCL(OpenCLDevice)

  public var description: String {
    switch self {
    case .cpu: "the CPU"
    case .openCL(let device): device.description
    }
  }

  /// Name of what decides on the bits of results: the instruction set in use, or the device's.
  public var arithmetic: String {
    switch self {
    case .cpu: InstructionSet.current.rawValue
    case .openCL(let device): device.name
    }
  }

  /// First failure, as far as it is known without waiting; nil on the CPU.
  public var failure: DeviceError? {
    switch self {
    case .cpu: nil
    case .openCL(let device): device.failure
    }
  }

  /// Measures the limits of a device; nil for the CPU, whose are measured by `MachinePeak`.
  package func measurePeak() throws(DeviceError) -> DevicePeak? {
    if case .openCL(let device) = self { try device.measurePeak() } else { nil }
  }

  /// Bytes that tensors can take on a device, about; nil for the CPU.
  package var memoryLimit: Double? {
    switch self {
    case .cpu: nil
    // Drivers keep some for themselves.
    case .openCL(let device): 0.9 * Double(device.memory)
    }
  }

  /// Waits for all work to be done.
  ///
  /// - Throws: what has failed since the device was first used.
  public func check() throws(DeviceError) {
    if case .openCL(let device) = self { try device.check() }
  }

  var memorySource: MemorySource {
    switch self {
    case .cpu: .host
    case .openCL(let device): .device(device.number)
    }
  }

  /// Pool of tensors that name none; nil on the CPU.
  var pool: BufferPool? {
    switch self {
    case .cpu: nil
    case .openCL(let device): device.pool
    }
  }
}

extension Tensor {
  /// Where the elements are.
  public var device: Device { storage.device.map { .openCL($0) } ?? .cpu }

  /// The tensor on a device: itself where it is there, else a copy. A copy to the host waits for all work of the device.
  ///
  /// - Throws: `DeviceError` where the device lacks the memory or the scalar type, or where it has failed.
  public func on(_ device: Device) throws(DeviceError) -> Tensor { try on(device, pool: device.pool) }

  /// The tensor on a device; where that fails, zeros on it, or NaN on the host: the failure is remembered, and the next copy to the
  /// host throws it.
  public func copied(to device: Device) -> Tensor {
    (try? on(device)) ?? (device == .cpu ? .full(shape, .nan) : .zeros(shape, pool: device.pool))
  }

  /// - Parameter pool: where the copy's memory comes from.
  package func on(_ device: Device, pool: BufferPool?) throws(DeviceError) -> Tensor {
    if device == self.device { return self }
    switch (self.device, device) {
    case (.openCL(let source), .cpu):
      let result = Tensor(uninitialized: shape)
      try source.read(UnsafeMutableRawBufferPointer(result.memory), from: UnsafeRawPointer(storage.base + offset))
      withExtendedLifetime((self, result)) {}
      return result
    case (.cpu, .openCL(let target)):
      if Scalar.self == Double.self && !target.hasDoubles { throw .noDoubles(device: target.description) }
      let result = Tensor(uninitialized: shape, pool: pool)
      try withScalars { scalars throws(DeviceError) in
        try target.write(UnsafeRawBufferPointer(scalars), to: UnsafeMutableRawPointer(result.storage.base))
      }
      return result
    case (.openCL, .openCL): return try on(.cpu, pool: nil).on(device, pool: pool)
    case (.cpu, .cpu): return self
    }
  }

  /// All elements, for writing while nobody else has the tensor.
  private var memory: UnsafeMutableBufferPointer<Scalar> {
    UnsafeMutableBufferPointer(start: storage.base + offset, count: count)
  }
}

/// Stops the program because of a programming error: an operation was given tensors in several places.
@inline(never)
func placeFailure(_ operation: String, _ places: Device...) -> Never {
  let list = places.map(\.description).joined(separator: " and ")
  programmingError("\(operation): operands are on \(list); copy one of them with on(_:)")
}

extension Tensor {
  /// Traps unless two operands are in one place.
  @inline(__always)
  static func requireSamePlace(_ operation: String, _ a: Tensor, _ b: Tensor) {
    if a.storage.place != b.storage.place { placeFailure(operation, a.device, b.device) }
  }
}
