import COpenCL

/// Context, queue, buffers and kernels of a device that is in use. One thread at a time works with it.
final class DeviceSession {
  private struct Allocation {
    let start: UInt
    let byteCount: Int
    /// Nil where the allocation failed.
    let buffer: CLBufferHandle?
  }

  private let number: Int
  private(set) var context: CLContextHandle?
  private(set) var queue: CLQueueHandle?
  private var isOpen = false
  /// First failure; everything after it is left out.
  private(set) var failure: DeviceError?
  /// By address.
  private var allocations: [Allocation] = []
  /// Addresses given back, by the size of their ranges.
  private var freeAddresses: [Int: [UInt]] = [:]
  private var nextPosition = 0
  /// Bytes of all buffers.
  private(set) var bytesAllocated = 0
  private var kernels: [KernelName: CLKernelHandle] = [:]
  private var programs: [ProgramName: CLProgramHandle] = [:]
  /// Launches since the device was first used.
  private var launches = 0

  init(number: Int) { self.number = number }

  /// Whether work is left out.
  private var hasFailed: Bool { failure != nil || DeviceAttempt.current?.failure != nil }

  func fail(_ error: DeviceError) {
    if let attempt = DeviceAttempt.current { attempt.fail(error) } else { failure = failure ?? error }
  }

  /// Notes a call that failed.
  ///
  /// - Returns: whether it succeeded.
  @discardableResult
  func succeeded(_ status: CLStatus, _ function: String, _ device: OpenCLDevice) -> Bool {
    if status != 0 { fail(.call(device: device.description, function: function, status: status)) }
    return status == 0
  }

  /// Opens the device at its first use.
  ///
  /// - Returns: whether work can be put into the queue.
  func open(_ device: OpenCLDevice) -> Bool {
    if isOpen { return !hasFailed }
    isOpen = true
    var status: CLStatus = 0
    // Selector CL_CONTEXT_PLATFORM; a loader of several drivers needs it.
    let properties: [Int] = [0x1084, Int(bitPattern: device.platform), 0]
    var identifier: CLDeviceID? = device.identifier
    context = device.functions.create_context(properties, 1, &identifier, nil, nil, &status)
    guard succeeded(status, "clCreateContext", device) else { return false }
    queue = device.functions.create_queue(context, device.identifier, 0, &status)
    return succeeded(status, "clCreateCommandQueue", device)
  }

  func finish(_ device: OpenCLDevice) {
    guard queue != nil, failure == nil else { return }
    let status = device.functions.finish(queue)
    // Work of any thread may have failed, so that this is never an attempt's alone.
    if status != 0 { failure = .call(device: device.description, function: "clFinish", status: status) }
  }

  // MARK: Memory

  /// Addresses of a new buffer. A failure leaves them without memory.
  func allocate(_ byteCount: Int, _ device: OpenCLDevice) -> UnsafeMutableRawPointer {
    let size = max(byteCount, 1)
    var buffer: CLBufferHandle?
    if open(device) {
      var status: CLStatus = 0
      buffer = device.functions.create_buffer(context, UInt64(CLBufferReadWrite), size, nil, &status)
      let isTooLarge = size > device.largestBuffer || bytesAllocated + size > device.memory
      if [-4, -5, -6, -61].contains(status), isTooLarge || status != -5 {
        fail(
          .outOfMemory(device: device.description, asked: size, held: bytesAllocated, memory: device.memory))
      } else {
        succeeded(status, "clCreateBuffer", device)
      }
      if status == 0 { bytesAllocated += size } else { buffer = nil }
    }
    let range = Self.range(size)
    let start: UInt
    if let address = freeAddresses[range]?.popLast() {
      start = address
    } else {
      start = UInt(bitPattern: DeviceAddress.address(nextPosition, of: number))
      nextPosition += range
    }
    allocations.insert(Allocation(start: start, byteCount: size, buffer: buffer), at: index(after: start))
    return UnsafeMutableRawPointer(bitPattern: start)!
  }

  /// Work that uses the buffer and is in the queue is done before its memory goes.
  func release(_ address: UnsafeMutableRawPointer, _ device: OpenCLDevice) {
    let start = UInt(bitPattern: address)
    let allocation = allocations.remove(at: index(after: start) - 1)
    require(allocation.start == start, "DeviceSession: no buffer begins at \(address)")
    freeAddresses[Self.range(allocation.byteCount), default: []].append(start)
    guard let buffer = allocation.buffer else { return }
    bytesAllocated -= allocation.byteCount
    succeeded(device.functions.release_buffer(buffer), "clReleaseMemObject", device)
  }

  /// The buffer at an address, and the offset in it in bytes.
  func buffer(at address: UnsafeRawPointer) -> (buffer: CLBufferHandle?, offset: Int) {
    let address = UInt(bitPattern: address)
    let index = index(after: address) - 1
    require(index >= 0, "DeviceSession: no buffer at the address \(address)")
    let (allocation, offset) = (allocations[index], Int(address - allocations[index].start))
    // The end of a buffer is the place of an empty tensor.
    require(offset <= allocation.byteCount, "DeviceSession: no buffer at the address \(address)")
    return (allocation.buffer, offset)
  }

  /// Index of the first allocation behind an address.
  private func index(after address: UInt) -> Int {
    var (low, high) = (0, allocations.count)
    while low < high {
      let middle = (low + high) / 2
      if allocations[middle].start > address { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Addresses of a buffer: whole pages and one more, so that no two buffers touch.
  private static func range(_ byteCount: Int) -> Int { (byteCount + 0x1FFF) & ~0xFFF }

  // MARK: Copies

  func write(_ bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer, _ device: OpenCLDevice) {
    guard !bytes.isEmpty, open(device) else { return }
    let (buffer, offset) = buffer(at: address)
    succeeded(
      device.functions.write_buffer(queue, buffer, 1, offset, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueWriteBuffer", device)
  }

  func read(_ bytes: UnsafeMutableRawBufferPointer, from address: UnsafeRawPointer, _ device: OpenCLDevice) {
    guard !bytes.isEmpty, open(device) else { return }
    let (buffer, offset) = buffer(at: address)
    succeeded(
      device.functions.read_buffer(queue, buffer, 1, offset, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueReadBuffer", device)
  }

  // MARK: Launches

  private static let launchesBeforeFlush = 32

  /// Puts a kernel into the queue.
  func launch(_ launch: KernelLaunch, _ device: OpenCLDevice) {
    guard launch.groups > 0, open(device), let kernel = kernel(launch.name, device) else { return }
    var setter = KernelArgumentSetter(launch.name, kernel: kernel, session: self, device: device)
    for argument in launch.arguments { setter.set(argument) }
    defer { setter.releaseTemporaries() }
    guard !hasFailed else { return }
    launches += 1
    let (global, local) = ([launch.groups * launch.group], [launch.group])
    let status = device.functions.enqueue_kernel(queue, kernel, 1, nil, global, local, 0, nil, nil)
    guard succeeded(status, "clEnqueueNDRangeKernel of \(launch.name.kernel)", device) else { return }
    // A driver may hold work back until it is told, or until the queue is long.
    if launches % Self.launchesBeforeFlush == 0 { succeeded(device.functions.flush(queue), "clFlush", device) }
  }

  private func kernel(_ name: KernelName, _ device: OpenCLDevice) -> CLKernelHandle? {
    if let known = kernels[name] { return known }
    guard let program = program(name.program, device) else { return nil }
    var status: CLStatus = 0
    let kernel = device.functions.create_kernel(program, name.kernel, &status)
    guard succeeded(status, "clCreateKernel of \(name.kernel)", device), let kernel else { return nil }
    kernels[name] = kernel
    return kernel
  }

  private func program(_ name: ProgramName, _ device: OpenCLDevice) -> CLProgramHandle? {
    if let known = programs[name] { return known }
    do throws(DeviceError) {
      let program = try KernelBuild(name, for: device, context: context).program()
      programs[name] = program
      return program
    } catch {
      fail(error)
      return nil
    }
  }
}
