/// Why a device cannot be used, or has failed.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
  /// There is no OpenCL library of this name or path.
  case noLibrary(String)
  /// The library lacks a function.
  case incompleteLibrary(String, function: String)
  /// The library knows of no device.
  case noDevice
  /// There is no device of this number; `count` is how many there are.
  case unknownDevice(Int, count: Int)
  /// No graphics processor is among the devices; `count` is how many there are.
  case noGraphicsProcessor(count: Int)
  /// The device computes no `Double`.
  case noDoubles(device: String)
  /// The device's memory is exhausted: bytes that were asked for, that tensors held already, and that the device has.
  case outOfMemory(device: String, asked: Int, held: Int, memory: Int)
  /// A size or stride of an operation is 2³¹ or more.
  case tooLarge(device: String)
  /// The driver cannot build a kernel; the first line of its log.
  case build(device: String, log: String)
  /// A call failed, with a status of the specification.
  case call(device: String, function: String, status: Int32)

  public var description: String {
    switch self {
    case .noLibrary(let name):
      "no OpenCL: \(name) cannot be loaded; install the driver of the graphics card, or pocl-opencl-icd for the processor itself"
    case .incompleteLibrary(let name, let function):
      "\(name) is no OpenCL 1.2: it lacks \(function); install another driver"
    case .noDevice:
      "the OpenCL library is there but knows no device; install the driver of the graphics card, or pocl-opencl-icd for the "
        + "processor itself"
    case .unknownDevice(let number, let count):
      "there is no device \(number): charrnn devices lists "
        + (count == 1 ? "one, number 0" : "\(count), numbers 0 to \(count - 1)")
    case .noGraphicsProcessor(let count):
      (count == 1
        ? "the only OpenCL device is no graphics processor"
        : "none of the \(count) OpenCL devices is a graphics processor")
        + "; choose one by its number in charrnn devices, or install the driver of the graphics card"
    case .noDoubles(let device): "\(device) computes no double precision; use Float"
    case .outOfMemory(let device, let asked, let held, let memory):
      "\(device) is out of memory: \(byteSize(Double(asked), rounded: .up)) more than the "
        + "\(byteSize(Double(held))) in use do not fit into its \(byteSize(Double(memory), rounded: .down)); use a smaller batch, "
        + "sequence or model"
    case .tooLarge(let device):
      "\(device): a tensor is too large for its kernels, which count to 2147483647; use a smaller batch, sequence or model"
    case .build(let device, let log): "\(device): the driver cannot build a kernel: \(log)"
    case .call(let device, let function, let status):
      "\(device): \(function) failed: \(Self.name(of: status))"
        + (Self.isLoss(status) ? "; the device is lost, or its driver" : "")
    }
  }

  /// Whether a status tells that the device or its driver is gone for this process.
  static func isLoss(_ status: Int32) -> Bool { [-2, -5, -14, -36].contains(status) }

  /// Name of a status in the specification.
  static func name(of status: Int32) -> String {
    let name: String? =
      switch status {
      case -1: "CL_DEVICE_NOT_FOUND"
      case -2: "CL_DEVICE_NOT_AVAILABLE"
      case -3: "CL_COMPILER_NOT_AVAILABLE"
      case -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE"
      case -5: "CL_OUT_OF_RESOURCES"
      case -6: "CL_OUT_OF_HOST_MEMORY"
      case -11: "CL_BUILD_PROGRAM_FAILURE"
      case -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"
      case -30: "CL_INVALID_VALUE"
      case -34: "CL_INVALID_CONTEXT"
      case -36: "CL_INVALID_COMMAND_QUEUE"
      case -38: "CL_INVALID_MEM_OBJECT"
      case -42: "CL_INVALID_BINARY"
      case -45: "CL_INVALID_PROGRAM_EXECUTABLE"
      case -46: "CL_INVALID_KERNEL_NAME"
      case -48: "CL_INVALID_KERNEL"
      case -52: "CL_INVALID_KERNEL_ARGS"
      case -54: "CL_INVALID_WORK_GROUP_SIZE"
      case -61: "CL_INVALID_BUFFER_SIZE"
      default: nil
      }
    return name.map { "\($0) (\(status))" } ?? "status \(status)"
  }
}
