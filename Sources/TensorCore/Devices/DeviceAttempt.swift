import Synchronization

/// Work that is only tried: a call of it that fails does so for the attempt alone, and the device goes on.
package final class DeviceAttempt: Sendable {
  /// The attempt that this task makes.
  @TaskLocal package static var current: DeviceAttempt?

  private let first = Mutex<DeviceError?>(nil)

  package init() {}

  package var failure: DeviceError? { first.withLock { $0 } }

  func fail(_ error: DeviceError) { first.withLock { $0 = $0 ?? error } }
}
