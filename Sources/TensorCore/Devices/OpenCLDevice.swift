import COpenCL
import Synchronization

/// A device of the system's OpenCL library: a graphics processor, or the processor itself under a driver such as PoCL.
///
/// Work is put into one queue and done in order, beside the calling thread. A failure is remembered, everything after it is
/// left out, and the next copy to the host or `check()` throws it.
public final class OpenCLDevice: Sendable {
  public enum Kind: String, Sendable {
    case graphicsProcessor = "GPU"
    case processor = "CPU"
    case accelerator
    case other
  }

  /// Index in `all()`.
  public let number: Int
  public let kind: Kind
  public let name, vendor: String
  /// Version of OpenCL, and of the driver.
  public let version, driver: String
  /// Bytes of memory, and of the largest buffer.
  public let memory, largestBuffer: Int
  /// Bytes of the memory that the items of a work group share.
  public let localMemory: Int
  public let computeUnits: Int
  /// In MHz, as the driver states it.
  public let clockFrequency: Int
  /// Items of a work group at most.
  public let largestGroup: Int
  /// Sub-groups of a work group at most; 0 where the device has none.
  public let subGroups: Int
  /// Whether it computes in `Double`.
  public let hasDoubles: Bool

  /// Memory of tensors that name no pool of their own.
  package let pool: BufferPool
  let tuning: ProductTuning
  let functions: CLLibrary
  // Handles, which any thread may use.
  nonisolated(unsafe) let platform: CLPlatformID
  nonisolated(unsafe) let identifier: CLDeviceID
  let session: Mutex<UncheckedSendableBox<DeviceSession>>

  /// All devices of this machine that kernels can run on, graphics processors first. They are looked for once in a process.
  ///
  /// - Throws: `DeviceError.noLibrary`, `incompleteLibrary` or `noDevice`.
  public static func all() throws(DeviceError) -> [OpenCLDevice] { try found.get() }

  /// The device of a number in `all()`.
  public static func numbered(_ number: Int) throws(DeviceError) -> OpenCLDevice {
    let devices = try all()
    guard devices.indices.contains(number) else { throw .unknownDevice(number, count: devices.count) }
    return devices[number]
  }

  /// The first graphics processor.
  public static func graphicsProcessor() throws(DeviceError) -> OpenCLDevice {
    let devices = try all()
    guard let first = devices.first(where: { $0.kind == .graphicsProcessor }) else {
      throw .noGraphicsProcessor(count: devices.count)
    }
    return first
  }

  static let found = Result<[OpenCLDevice], DeviceError> {
    () throws(DeviceError) in
    let functions = try OpenCLLibrary.shared.get().functions
    let handles = try OpenCLLibrary.shared.get().devices().filter {
      let about = DeviceInformation(functions: functions, device: $0.device)
      return about.number(CLDeviceIsAvailable, as: UInt32.self) == 1
        && about.number(CLDeviceHasCompiler, as: UInt32.self) == 1
    }
    func isGraphicsProcessor(_ device: CLDeviceID) -> Bool {
      DeviceInformation(functions: functions, device: device).kind == .graphicsProcessor
    }
    let ordered = handles.filter { isGraphicsProcessor($0.device) } + handles.filter { !isGraphicsProcessor($0.device) }
    var devices: [OpenCLDevice] = []
    for handle in ordered.prefix(DeviceAddress.devices) {
      let device = OpenCLDevice(
        number: devices.count, platform: handle.platform, device: handle.device, functions: functions)
      if let device { devices.append(device) }
    }
    if devices.isEmpty { throw .noDevice }
    return devices
  }

  /// Nil for a device that does not say what it has, or has too small work groups for the kernels.
  private init?(number: Int, platform: CLPlatformID, device: CLDeviceID, functions: CLLibrary) {
    let about = DeviceInformation(functions: functions, device: device)
    func size(_ selector: Int) -> Int { Int(clamping: about.number(selector, as: UInt64.self) ?? 0) }
    func count(_ selector: Int) -> Int { Int(about.number(selector, as: UInt32.self) ?? 0) }
    (self.number, self.functions, self.platform, identifier) = (number, functions, platform, device)
    kind = about.kind
    (name, vendor) = (about.text(CLDeviceName), about.text(CLDeviceVendor))
    (version, driver) = (about.text(CLDeviceVersion), about.text(CLDeviceDriverVersion))
    (memory, largestBuffer) = (size(CLDeviceGlobalMemory), size(CLDeviceMaxAllocation))
    (localMemory, largestGroup) = (size(CLDeviceLocalMemory), size(CLDeviceMaxWorkGroupSize))
    (computeUnits, clockFrequency) = (count(CLDeviceMaxComputeUnits), count(CLDeviceMaxClockFrequency))
    subGroups = count(CLDeviceMaxSubGroups)
    hasDoubles = (about.number(CLDeviceDoubleConfiguration, as: UInt64.self) ?? 0) != 0
    pool = BufferPool(of: .device(number))
    tuning = ProductTuning()
    session = Mutex(UncheckedSendableBox(DeviceSession(number: number)))
    if memory == 0 || largestBuffer == 0 || largestGroup < Self.groupSize { return nil }
  }

  /// Waits for all work to be done.
  ///
  /// - Throws: what has failed since the device was first used.
  public func check() throws(DeviceError) {
    let failure: DeviceError? = withSession { session in
      session.finish(self)
      return session.failure
    }
    if let failure { throw failure }
  }

  /// First failure since the device was first used, as far as it is known without waiting.
  public var failure: DeviceError? { withSession { $0.failure } }

  func withSession<Value, Failure: Error>(
    _ body: (DeviceSession) throws(Failure) -> sending Value
  ) throws(Failure) -> Value {
    try session.withLock { session throws(Failure) in try body(session.value) }
  }
}

extension OpenCLDevice: CustomStringConvertible {
  public var description: String { "device \(number) (\(name))" }
}

extension OpenCLDevice: Hashable {
  public static func == (a: OpenCLDevice, b: OpenCLDevice) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

extension DeviceInformation {
  fileprivate var kind: OpenCLDevice.Kind {
    let bits = number(CLDeviceType, as: UInt64.self) ?? 0
    if bits & UInt64(CLDeviceIsGPU) != 0 { return .graphicsProcessor }
    if bits & UInt64(CLDeviceIsCPU) != 0 { return .processor }
    return bits & UInt64(CLDeviceIsAccelerator) != 0 ? .accelerator : .other
  }
}
