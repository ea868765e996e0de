import Synchronization

/// Work that is only tried: a call of it that fails does so for the trial alone, and the device goes on.
package final class DeviceTrial: Sendable {
  /// The trial that this task is in.
  @TaskLocal package static var current: DeviceTrial?

  private let first = Mutex<DeviceError?>(nil)

  package init() {}

  package var failure: DeviceError? { first.withLock { $0 } }

  func fail(_ error: DeviceError) { first.withLock { $0 = $0 ?? error } }
}
