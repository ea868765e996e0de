import COpenCL

/// An address that a session hands out, which may be sent to other threads.
struct Allocated: @unchecked Sendable {
  let address: UnsafeMutableRawPointer
  init(_ address: UnsafeMutableRawPointer) { self.address = address }
}

extension OpenCLDevice {
  /// The device of a number in an address.
  static func opened(_ number: Int) -> OpenCLDevice? { (try? found.get())?[number] }

  /// The device whose memory an address is in; nil for the host's.
  @inline(__always)
  static func at(_ address: UnsafeRawPointer) -> OpenCLDevice? {
    guard let number = DeviceAddress.device(of: address) else { return nil }
    return opened(number)
  }

  /// Copies elements from the device, after all work before.
  func read(_ bytes: UnsafeMutableRawBufferPointer, from address: UnsafeRawPointer) throws(DeviceError) {
    try WorkProfile.account(for: .transfer) { () throws(DeviceError) in
      let failure: DeviceError? = withSession { session in
        session.read(bytes, from: address, self)
        return session.failure
      }
      if let failure { throw failure }
    }
  }

  /// Copies elements to the device.
  func write(_ bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer) throws(DeviceError) {
    try WorkProfile.account(for: .transfer) { () throws(DeviceError) in
      let failure: DeviceError? = withSession { session in
        session.write(bytes, to: address, self)
        return session.failure
      }
      if let failure { throw failure }
    }
  }

  /// Puts a kernel into the queue that has an item for each of `count` elements, which is its first argument.
  func map<Scalar: TensorScalar>(
    _ source: KernelSource, _ kernel: String, of type: Scalar.Type, count: Int, _ arguments: [KernelArgument]
  ) {
    launch(
      source, kernel, of: type, groups: (count + Self.groupSize - 1) / Self.groupSize, [.count(count)] + arguments)
  }

  /// Puts a kernel into the queue.
  ///
  /// - Parameters:
  ///   - groups: number of work groups.
  ///   - size: items of each.
  ///   - options: macros that the program is compiled with.
  func launch<Scalar: TensorScalar>(
    _ source: KernelSource, _ kernel: String, of type: Scalar.Type, groups: Int, of size: Int = groupSize,
    options: String = "", _ arguments: [KernelArgument]
  ) {
    let program = ProgramName(
      source: source, isDouble: type == Double.self, addsInDoubles: hasDoubles && !Self.avoidsDoubles,
      options: options)
    let launch = KernelLaunch(
      name: KernelName(program: program, kernel: kernel), groups: groups, group: size, arguments: arguments)
    withSession { $0.launch(launch, self) }
  }

  /// Whether kernels for it are kept from an earlier process, so that none, or few, are still to be compiled.
  package var hasKernels: Bool {
    let first = ProgramName(source: .elementwise, isDouble: false, addsInDoubles: hasDoubles, options: "")
    return KernelBuild(first, for: self, context: nil).isKept
  }

  /// Whether a task's sums are added up as on devices without double precision, for tests.
  @TaskLocal package static var avoidsDoubles = false

  /// Items of a work group, as a rule; the kernels know it as GROUP.
  static let groupSize = 64
}
