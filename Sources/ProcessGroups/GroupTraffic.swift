/// Messages of a rank by purpose: bytes sent, seconds under way, and seconds in which the computation waited for them.
package struct GroupTraffic: Sendable {
  package enum Purpose: Sendable, CaseIterable {
    /// Sums of gradients, which go on beside the backward pass.
    case gradients
    /// Parameters that other ranks have updated.
    case parameters
    /// Numbers on which all ranks decide, and all else.
    case agreement
  }

  package struct Share: Sendable {
    package internal(set) var bytesSent = 0
    /// Seconds in which a message was under way.
    package internal(set) var seconds = 0.0
    /// Seconds in which the computation waited.
    package internal(set) var waited = 0.0
  }

  private var shares: [Purpose: Share] = [:]

  package internal(set) subscript(purpose: Purpose) -> Share {
    get { shares[purpose] ?? Share() }
    set { shares[purpose] = newValue }
  }
}
