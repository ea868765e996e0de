import Foundation
import Synchronization

/// Properties of the terminal behind a channel, if there is one.
package enum Terminal {
  package static func isTerminal(_ channel: OutputChannel) -> Bool {
    isatty(channel.descriptor) == 1 && !(isForwarded.load(ordering: .relaxed) && !launcherHasTerminal)
  }

  /// Whether a launcher started this process and hands its output on, as `mpirun` does.
  package static let isForwarded = Atomic(false)

  /// Whether the program that started this one writes to a terminal itself; true where the system does not tell.
  private static var launcherHasTerminal: Bool {
    #if os(Linux)
      let output = open("/proc/\(getppid())/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK)
      guard output >= 0 else { return false }
      defer { close(output) }
      return isatty(output) == 1
    #else
      return true
    #endif
  }

  /// Columns of the terminal; nil when there is none or its width is unknown.
  package static func width(of channel: OutputChannel) -> Int? {
    var size = winsize()
    guard ioctl(channel.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Whether text on a channel may be coloured: on a capable terminal, unless `NO_COLOR` is set and not empty.
  package static func isColoured(
    _ channel: OutputChannel, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> Bool {
    isTerminal(channel) && environment["TERM"] != "dumb" && allowsColour(environment)
  }

  /// The style of progress on a channel: one redrawn line on a capable terminal, plain lines elsewhere; in colour unless
  /// `NO_COLOR` is set and not empty.
  package static func progressStyle(
    of channel: OutputChannel, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> ProgressDisplay.Style {
    guard isTerminal(channel) else { return .plainLines }
    return progressStyle(width: width(of: channel) ?? 80, environment: environment)
  }

  /// The style for a terminal of `width` columns.
  package static func progressStyle(width: Int, environment: [String: String]) -> ProgressDisplay.Style {
    if environment["TERM"] == "dumb" { return .plainLines }
    return .redrawnLine(width: width, color: allowsColour(environment))
  }

  private static func allowsColour(_ environment: [String: String]) -> Bool {
    environment["NO_COLOR", default: ""].isEmpty
  }
}
