import Foundation
import TensorCore

/// The name that starts every message of the command.
package let programName = "charrnn"

/// The exit code of the process: a number of `sysexits.h`, or 128 + n for a run that signal n stopped.
package enum ExitCode: Int32, Sendable, CaseIterable {
  case done = 0
  /// A check ran and failed (`gradcheck`).
  case checkFailed = 1
  case usage = 64
  /// A corpus, a checkpoint or a text is invalid.
  case badData = 65
  case noInput = 66
  /// The machine or the job lacks what was asked for: message passing, or a process that is lost.
  case unavailable = 69
  /// Training diverged beyond repair.
  case diverged = 70
  /// Output cannot be created, or the directory holds another run.
  case cannotCreate = 73
  case inputOutput = 74
  /// Another run holds the run directory.
  case busy = 75
  case hungUp = 129
  case interrupted = 130
  case terminated = 143
}

/// A failed command: one line that says what went wrong and what to do, and the exit code. Commands fail in no other way.
package struct CommandFailure: Error, Equatable, CustomStringConvertible {
  package let message: String
  package let code: ExitCode

  package init(_ message: String, code: ExitCode) {
    self.message = message
    self.code = code
  }

  package var description: String { message }

  /// Wrong usage (64). The message points to the help of `command`, or to the program's.
  package static func usage(_ message: String, command: String? = nil) -> CommandFailure {
    let words = [programName, command, "--help"].compactMap { $0 }
    return CommandFailure("\(message) (see \(words.joined(separator: " ")))", code: .usage)
  }
}

/// `charrnn: error: …` and a line feed: always exactly one line, of which at most 1,000 scalars are the message.
package func errorLine(_ message: String) -> String {
  "\(programName): error: \(shortened(message.printable(), to: 1000))\n"
}

/// `charrnn: note: …` and a line feed: exactly one line, unless the terminal that shows it is narrower.
///
/// - Parameter width: columns of a terminal; nil elsewhere. There the message goes on between words, below its beginning. A command line
///   at its end stays one line, from the first column, so that it can be copied.
package func noticeLine(_ message: String, width: Int? = nil) -> String {
  let (head, message) = ("\(programName): note: ", message.printable())
  guard let width, head.count + message.count > width, width > 2 * head.count else { return "\(head)\(message)\n" }
  let command =
    message.range(of: ": \(programName) ").map { message.index($0.lowerBound, offsetBy: 2) } ?? message.endIndex
  let indent = String(repeating: " ", count: programName.count + 2)
  var lines = [head]
  for word in message[..<command].split(separator: " ") {
    let line = lines[lines.count - 1]
    let gap = line == head ? "" : " "
    if line.count + gap.count + word.count > width && !gap.isEmpty {
      lines.append(indent + word)
    } else {
      lines[lines.count - 1] += gap + word
    }
  }
  if command < message.endIndex { lines.append(String(message[command...])) }
  return lines.joined(separator: "\n") + "\n"
}

/// A value in quotation marks for a message, cut to a bounded length.
func quoted(_ text: String) -> String { "\"\(shortened(text, to: 60))\"" }

/// `text` cut to at most `limit` scalars, the last of which is then `…`. (A character may have any number of scalars.)
func shortened(_ text: String, to limit: Int) -> String {
  text.unicodeScalars.count > limit ? String(text.unicodeScalars.prefix(limit - 1)) + "…" : text
}
