import COpenCL

/// The building of a program: from the cache, or from its source.
struct KernelBuild {
  private let name: ProgramName
  private let device: OpenCLDevice
  private let context: CLContextHandle?
  private let options: String
  private let source: String

  init(_ name: ProgramName, for device: OpenCLDevice, context: CLContextHandle?) {
    (self.name, self.device, self.context) = (name, device, context)
    options =
      "-cl-std=CL1.2 -D GROUP=\(OpenCLDevice.groupSize)" + (name.isDouble ? " -D DOUBLES" : "")
      + (name.addsInDoubles ? " -D WIDE_DOUBLES" : "") + (name.options.isEmpty ? "" : " " + name.options)
    source = KernelSource.prelude + name.source.text
  }

  private var key: KernelCache.Key { KernelCache.Key(device: device, options: options, source: source) }

  /// Whether the program was compiled by an earlier process.
  var isKept: Bool { KernelCache.standard.binary(for: key) != nil }

  func program() throws(DeviceError) -> CLProgramHandle {
    if name.isDouble && !device.hasDoubles { throw .noDoubles(device: device.description) }
    let cache = KernelCache.standard
    if let binary = cache.binary(for: key), let program = program(from: binary) { return program }
    let program = try built()
    if let binary = binary(of: program) { cache.store(binary, for: key) }
    return program
  }

  /// A program from what the driver made of it earlier; nil where the driver does not take it.
  private func program(from binary: [UInt8]) -> CLProgramHandle? {
    var (identifier, status, binaryStatus): (CLDeviceID?, CLStatus, CLStatus) = (device.identifier, 0, 0)
    let program = binary.withUnsafeBufferPointer { bytes in
      var (start, length): (UnsafePointer<UInt8>?, Int) = (bytes.baseAddress, bytes.count)
      return device.functions.create_program_with_binary(
        context, 1, &identifier, &length, &start, &binaryStatus, &status)
    }
    guard status == 0, binaryStatus == 0, let program else { return nil }
    if device.functions.build_program(program, 1, &identifier, options, nil, nil) == 0 { return program }
    _ = device.functions.release_program(program)
    return nil
  }

  private func built() throws(DeviceError) -> CLProgramHandle {
    var (identifier, status): (CLDeviceID?, CLStatus) = (device.identifier, 0)
    let program = source.withCString { text in
      var text: UnsafePointer<CChar>? = text
      return device.functions.create_program_with_source(context, 1, &text, nil, &status)
    }
    guard status == 0, let program else {
      throw .call(device: device.description, function: "clCreateProgramWithSource", status: status)
    }
    status = device.functions.build_program(program, 1, &identifier, options, nil, nil)
    if status == 0 { return program }
    let log = log(of: program)
    _ = device.functions.release_program(program)
    if log.isEmpty { throw .call(device: device.description, function: "clBuildProgram", status: status) }
    throw .build(device: device.description, log: log)
  }

  /// First line of the driver's log that tells of an error, or the first of all.
  private func log(of program: CLProgramHandle) -> String {
    let bytes = Self.bytes { size, value, needed in
      device.functions.get_program_build_info(
        program, device.identifier, UInt32(CLProgramBuildLog), size, value, needed)
    }
    let lines = String(decoding: (bytes ?? []).prefix { $0 != 0 }, as: UTF8.self).split(whereSeparator: \.isNewline)
    return String(lines.first { $0.contains("error") } ?? lines.first ?? "")
  }

  private func binary(of program: CLProgramHandle) -> [UInt8]? {
    var size = 0
    let width = MemoryLayout<Int>.size
    guard device.functions.get_program_info(program, UInt32(CLProgramBinarySizes), width, &size, nil) == 0, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { bytes in
      var start = bytes.baseAddress
      return device.functions.get_program_info(program, UInt32(CLProgramBinaries), width, &start, nil)
    }
    return status == 0 ? bytes : nil
  }

  private static func bytes(
    _ call: (_ size: Int, _ value: UnsafeMutableRawPointer?, _ needed: UnsafeMutablePointer<Int>?) -> CLStatus
  ) -> [UInt8]? {
    var size = 0
    guard call(0, nil, &size) == 0, size > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBytes { call(size, $0.baseAddress, nil) }
    return status == 0 ? bytes : nil
  }
}
