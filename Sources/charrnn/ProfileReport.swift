import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Time of training steps by kind of work.
struct ProfileReport {
  private let profile: StepProfile

  init(_ profile: StepProfile) { self.profile = profile }

  var json: JSONText {
    .object(
      [("milliseconds_per_step", .number(profile.millisecondsPerStep))]
        + profile.shares.map { ($0.work.rawValue, .number($0.share)) } + [("other", .number(profile.other))])
  }

  /// A line for each kind of work, the largest first, with what it is.
  var text: String {
    let other = (name: "other", share: profile.other, meaning: "bookkeeping of a step, dropout")
    let shares = profile.shares.filter { $0.work != .transfer || $0.share > 0 }
    let rows = shares.map { (name: $0.work.rawValue, share: $0.share, meaning: meaning(of: $0.work)) } + [other]
    let lines = rows.sorted { $0.share > $1.share }.map { name, share, meaning -> String in
      let percent = Readable.fixed(100 * share, digits: 1)
      return "  " + name.padding(toLength: 12, withPad: " ", startingAt: 0)
        + String(repeating: " ", count: max(0, 5 - percent.count)) + percent + "%  " + meaning + "\n"
    }
    let time = Readable.fixed(profile.millisecondsPerStep, digits: 2)
    return "profile   \(time) ms a step, of the time of all threads, those that rest included:\n" + lines.joined()
  }

  private func meaning(of work: WorkProfile.Work) -> String {
    switch work {
    case .products: "matrix products"
    case .packing: "laying out matrices for products"
    case .gates: "activations and states of the cells"
    case .loss: "softmax and cross entropy"
    case .optimizer: "updates of parameters, norm of the gradients"
    case .input: "looking up tokens, and their gradients"
    case .elementwise: "sums and copies"
    case .transfer: "copies between the host and a device"
    case .waiting: "waiting for other threads, or resting"
    }
  }
}
