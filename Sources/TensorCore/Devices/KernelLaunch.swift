import COpenCL

/// A source text of kernels and what it is compiled for.
struct ProgramName: Hashable {
  let source: KernelSource
  let isDouble: Bool
  /// Whether sums are added up in double precision; pairs of numbers are used otherwise.
  let addsInDoubles: Bool
  /// Macros of its own.
  let options: String
}

/// A kernel of a program.
struct KernelName: Hashable {
  let program: ProgramName
  let kernel: String
}

/// An argument of a kernel.
enum KernelArgument {
  /// A number in 32 bits.
  case int(Int)
  /// A number in 64 bits.
  case count(Int)
  /// A number of the kernel's scalar type.
  case real(Double)
  /// Memory of the device, as two arguments: its buffer and the offset in bytes. Nil stands for none.
  case memory(UnsafeRawPointer?)
  /// Numbers that are copied to the device for this launch.
  case indices([Int32])
  /// So many bytes of local memory.
  case local(Int)
}

/// A kernel with its arguments: `groups` work groups of `group` items.
struct KernelLaunch {
  let name: KernelName
  let groups: Int
  let group: Int
  let arguments: [KernelArgument]
}

/// Sets the arguments of a kernel one after the other.
struct KernelArgumentSetter {
  private let kernel: CLKernelHandle
  private let name: String
  private let session: DeviceSession
  private let device: OpenCLDevice
  private let isDouble: Bool
  private var index: UInt32 = 0
  /// Buffers of this launch alone.
  private var temporaries: [CLBufferHandle] = []

  init(_ name: KernelName, kernel: CLKernelHandle, session: DeviceSession, device: OpenCLDevice) {
    (self.name, self.kernel, self.session, self.device) = (name.kernel, kernel, session, device)
    isDouble = name.program.isDouble
  }

  mutating func set(_ argument: KernelArgument) {
    switch argument {
    case .int(let value):
      if let value = Int32(exactly: value) {
        setBytes(of: value)
      } else {
        session.fail(.tooLarge(device: device.description))
      }
    case .count(let value): setBytes(of: Int64(value))
    case .real(let value): if isDouble { setBytes(of: value) } else { setBytes(of: Float(value)) }
    case .memory(let address):
      if let address, DeviceAddress.device(of: address) != device.number {
        placeFailure(name, .openCL(device), OpenCLDevice.at(address).map { .openCL($0) } ?? .cpu)
      }
      let (buffer, offset) = address.map { session.buffer(at: $0) } ?? (nil, 0)
      set(buffer, offset: offset)
    case .indices(let numbers): set(temporary(numbers), offset: 0)
    case .local(let byteCount): set(byteCount, nil)
    }
  }

  private mutating func set(_ buffer: CLBufferHandle?, offset: Int) {
    setBytes(of: buffer)
    setBytes(of: Int64(offset))
  }

  private mutating func setBytes<Value>(of value: Value) {
    withUnsafeBytes(of: value) { set($0.count, $0.baseAddress) }
  }

  private mutating func set(_ byteCount: Int, _ value: UnsafeRawPointer?) {
    session.succeeded(
      device.functions.set_kernel_argument(kernel, index, byteCount, value), "clSetKernelArg", device)
    index += 1
  }

  /// A buffer that holds some numbers; the copy is made before the call returns.
  private mutating func temporary(_ numbers: [Int32]) -> CLBufferHandle? {
    if numbers.isEmpty { return nil }
    var (numbers, status) = (numbers, CLStatus(0))
    let buffer = numbers.withUnsafeMutableBytes {
      device.functions.create_buffer(
        session.context, UInt64(CLBufferReadWrite | CLBufferCopyHost), $0.count, $0.baseAddress, &status)
    }
    guard session.succeeded(status, "clCreateBuffer", device), let buffer else { return nil }
    temporaries.append(buffer)
    return buffer
  }

  /// Gives the buffers of this launch back; they go when the kernel has run.
  func releaseTemporaries() {
    for buffer in temporaries {
      session.succeeded(device.functions.release_buffer(buffer), "clReleaseMemObject", device)
    }
  }
}
