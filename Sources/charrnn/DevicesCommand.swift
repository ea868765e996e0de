import CharrnnCommandSupport
import SequenceModeling

/// `charrnn devices`: lists the devices of the system's OpenCL library.
enum DevicesCommand {
  static let command = Command(
    name: "devices", summary: "list the graphics processors and other devices that can train", arguments: [],
    groups: [OptionGroup("Options", [CommonOptions.json])], example: "charrnn devices", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let devices = try OpenCLDevice.all()
    let text =
      arguments[CommonOptions.json]
      ? JSONText.object([("devices", .array(devices.map(json)))]).line + "\n"
      : devices.map(lines).joined(separator: "\n")
    try OutputChannel.standardOutput.write(text)
    return .done
  }

  private static func json(_ device: OpenCLDevice) -> JSONText {
    [
      "number": .integer(device.number), "kind": .string(device.kind.rawValue), "name": .string(device.name),
      "vendor": .string(device.vendor), "version": .string(device.version), "driver": .string(device.driver),
      "memory": .integer(device.memory), "largest_buffer": .integer(device.largestBuffer),
      "local_memory": .integer(device.localMemory), "compute_units": .integer(device.computeUnits),
      "clock_mhz": .integer(device.clockFrequency), "largest_group": .integer(device.largestGroup),
      "sub_groups": .integer(device.subGroups), "doubles": .bool(device.hasDoubles),
    ]
  }

  private static func lines(_ device: OpenCLDevice) -> String {
    let units =
      counted(device.computeUnits, "compute unit")
      + (device.clockFrequency > 0 ? " at \(Readable.fixed(Double(device.clockFrequency) / 1000, digits: 2)) GHz" : "")
    let groups =
      device.subGroups > 0
      ? "work groups of \(device.largestGroup), in up to \(counted(device.subGroups, "sub-group"))"
      : "work groups of \(device.largestGroup), no sub-groups"
    return """
      \(device.number)  \(device.name.printable()), \(device.kind.rawValue)
         memory    \(byteSize(Double(device.memory), rounded: .down)), buffers up to \(byteSize(Double(device.largestBuffer), rounded: .down)); \(byteSize(Double(device.localMemory), rounded: .down)) shared in a work group
         computes  \(units), \(groups), \(device.hasDoubles ? "single and double precision" : "single precision alone")
         driver    \(device.vendor.printable()), \(device.driver.printable()), \(device.version.printable())

      """
  }
}
