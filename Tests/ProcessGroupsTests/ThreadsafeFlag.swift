import Foundation

/// Flag that one thread raises and another waits for.
final class ThreadsafeFlag: @unchecked Sendable {
  private let condition = NSCondition()
  private var isRaised = false

  func raise() {
    condition.withLock {
      isRaised = true
      condition.broadcast()
    }
  }

  func wait() { condition.withLock { while !isRaised { condition.wait() } } }
}
