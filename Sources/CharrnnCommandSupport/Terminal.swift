import Foundation

/// What is known of the terminal behind a channel, if there is one.
package enum Terminal {
  package static func isTerminal(_ channel: OutputChannel) -> Bool { isatty(channel.descriptor) == 1 }

  /// Columns of the terminal; nil where it is none, or does not say.
  package static func width(of channel: OutputChannel) -> Int? {
    var size = winsize()
    guard ioctl(channel.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// How progress is shown on a channel: one redrawn line on a terminal that can, plain lines elsewhere; in colour unless
  /// `NO_COLOR` is set to anything but the empty text.
  package static func progressStyle(
    of channel: OutputChannel, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> ProgressDisplay.Style {
    guard isTerminal(channel) else { return .plainLines }
    return progressStyle(width: width(of: channel) ?? 80, environment: environment)
  }

  /// The style for a terminal of `width` columns.
  package static func progressStyle(width: Int, environment: [String: String]) -> ProgressDisplay.Style {
    if environment["TERM"] == "dumb" { return .plainLines }
    return .redrawnLine(width: width, color: environment["NO_COLOR", default: ""].isEmpty)
  }
}
