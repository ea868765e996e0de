import CharrnnCommandSupport
import SequenceModeling

/// Where a command computes, as `--device` says it.
enum DeviceChoice: Sendable, Equatable {
  case auto, cpu, gpu
  /// A device of `charrnn devices`.
  case number(Int)

  static let option = Option(
    "device", kind, defaultNote: "cpu",
    help: "where to compute: the processor, the first graphics processor, or a device of charrnn devices")

  /// `option` with a choice by measurement.
  static let optionWithAuto = Option(
    "device", kindWithAuto, defaultNote: "cpu",
    help:
      "where to compute: auto takes the faster of processor and graphics processor, by a few steps of training; gpu the first "
      + "graphics processor; a number a device of charrnn devices")

  private static let kind = ValueKind<DeviceChoice>(
    valueName: "cpu|gpu|N", expectation: "cpu, gpu or a number of charrnn devices", names: ["cpu", "gpu"],
    read: { read($0, ["cpu": .cpu, "gpu": .gpu]) }, show: { "\($0)" })
  private static let kindWithAuto = ValueKind<DeviceChoice>(
    valueName: "auto|cpu|gpu|N", expectation: "auto, cpu, gpu or a number of charrnn devices",
    names: ["auto", "cpu", "gpu"], read: { read($0, ["auto": .auto, "cpu": .cpu, "gpu": .gpu]) }, show: { "\($0)" })

  private static func read(_ text: String, _ names: [String: DeviceChoice]) -> DeviceChoice? {
    names[text] ?? Int(text).flatMap { $0 >= 0 ? .number($0) : nil }
  }

  /// The device that was named; nil where it is to be chosen by measurement.
  func device() throws(DeviceError) -> Device? {
    let device: OpenCLDevice
    switch self {
    case .auto: return nil
    case .cpu: return .cpu
    case .gpu: device = try .graphicsProcessor()
    case .number(let number): device = try .numbered(number)
    }
    if !device.hasKernels {
      notice("\(device) is used for the first time: kernels are compiled, which takes some seconds, once")
    }
    return .openCL(device)
  }

  /// The words of a command line that name a device, after a space; none for the processor, which is the default.
  static func words(_ device: Device) -> String {
    if case .openCL(let device) = device { " --device \(device.number)" } else { "" }
  }

  /// Refuses what is only computed on the processor.
  static func refuse(_ arguments: ParsedArguments, with options: [any OptionDeclaration], in job: Job? = nil) throws {
    if job != nil {
      throw arguments.usageFailure("--device: the processes of a job compute on their processors; leave it out")
    }
    if let other = options.first(where: { arguments.gives($0) }) {
      throw arguments.usageFailure("--device does not go with --\(other.name), which is computed on the processor")
    }
  }

  /// The device that a command computes on.
  static func chosen(_ arguments: ParsedArguments) throws(DeviceError) -> Device {
    try (arguments[option] ?? .cpu).device() ?? .cpu
  }
}

/// The faster of the processor and the first graphics processor, by some steps of a run.
struct DeviceTrial {
  /// Makes a run that keeps nothing.
  let run: (Device) throws -> CharacterRun

  /// Says what was measured, and why where there was nothing to choose.
  func faster() -> Device {
    do {
      let device = Device.openCL(try OpenCLDevice.graphicsProcessor())
      let (ofDevice, ofProcessor) = (try millisecondsPerStep(on: device), try millisecondsPerStep(on: .cpu))
      let faster = ofDevice < ofProcessor ? device : .cpu
      notice(
        "a step takes \(Readable.fixed(ofDevice, digits: 2)) ms on \(device), \(Readable.fixed(ofProcessor, digits: 2)) ms on the "
          + "CPU: training on \(faster)")
      return faster
    } catch let error as DeviceError {
      notice("training on the CPU: \(error)")
    } catch {
      // Whatever else is wrong will be said by the run on the processor.
    }
    return .cpu
  }

  private func millisecondsPerStep(on device: Device) throws -> Double {
    try run(device).millisecondsPerStep(within: 1)
  }
}
