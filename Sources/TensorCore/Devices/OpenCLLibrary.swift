import COpenCL
import Foundation

/// The system's OpenCL library, loaded at run time.
struct OpenCLLibrary: @unchecked Sendable {
  let functions: CLLibrary

  /// The environment variable that names another library: `CHARRNN_OPENCL=PATH`.
  static let environmentVariable = "CHARRNN_OPENCL"

  /// The library of this process: the one that the environment names, or the system's.
  static let shared = Result<OpenCLLibrary, DeviceError> {
    () throws(DeviceError) in
    let named = ProcessInfo.processInfo.environment[environmentVariable]
    return try OpenCLLibrary(path: named.flatMap { $0.isEmpty ? nil : $0 } ?? systemPath)
  }

  private static var systemPath: String {
    #if canImport(Darwin)
      "/System/Library/Frameworks/OpenCL.framework/OpenCL"
    #else
      "libOpenCL.so.1"
    #endif
  }

  init(path: String) throws(DeviceError) {
    var (functions, missing) = (CLLibrary(), UnsafePointer<CChar>?.none)
    switch cl_load(path, &functions, &missing) {
    case CLLoaded: self.functions = functions
    case CLFunctionMissing:
      throw .incompleteLibrary(path, function: missing.map { String(cString: $0) } ?? "a function")
    default: throw .noLibrary(path)
    }
  }

  /// All devices, those of the first platform first.
  func devices() throws(DeviceError) -> [(platform: CLPlatformID, device: CLDeviceID)] {
    var count: UInt32 = 0
    // A loader without a driver reports an error instead of no platforms.
    guard functions.get_platform_ids(0, nil, &count) == 0, count > 0 else { throw .noDevice }
    var platforms = [CLPlatformID?](repeating: nil, count: Int(count))
    guard functions.get_platform_ids(count, &platforms, nil) == 0 else { throw .noDevice }
    var found: [(platform: CLPlatformID, device: CLDeviceID)] = []
    for platform in platforms.compactMap({ $0 }) {
      var count: UInt32 = 0
      guard functions.get_device_ids(platform, UInt64(UInt32.max), 0, nil, &count) == 0, count > 0 else { continue }
      var devices = [CLDeviceID?](repeating: nil, count: Int(count))
      guard functions.get_device_ids(platform, UInt64(UInt32.max), count, &devices, nil) == 0 else { continue }
      found += devices.compactMap { $0 }.map { (platform, $0) }
    }
    return found
  }
}

/// Answers of a device about itself.
struct DeviceInformation {
  let functions: CLLibrary
  let device: CLDeviceID

  func number<Number: FixedWidthInteger>(_ selector: Int, as type: Number.Type) -> Number? {
    var value = Number.zero
    let status = functions.get_device_info(device, UInt32(selector), MemoryLayout<Number>.size, &value, nil)
    return status == 0 ? value : nil
  }

  func text(_ selector: Int) -> String {
    var size = 0
    guard functions.get_device_info(device, UInt32(selector), 0, nil, &size) == 0, size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard functions.get_device_info(device, UInt32(selector), size, &bytes, nil) == 0 else { return "" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).trimmingCharacters(in: .whitespaces)
  }
}
