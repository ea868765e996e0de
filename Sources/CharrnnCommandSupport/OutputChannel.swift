import Foundation

/// An open file descriptor that text is written to, unbuffered: what `write` was given has left the process when it
/// returns.
package struct OutputChannel: Sendable {
  package let descriptor: Int32

  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Results: text and machine-readable output.
  package static let standardOutput = OutputChannel(descriptor: STDOUT_FILENO)
  /// Progress, notices and errors.
  package static let standardError = OutputChannel(descriptor: STDERR_FILENO)

  package func write(_ text: String) throws(OutputFailure) { try write(Array(text.utf8)) }

  /// Writes every byte, however many calls it takes.
  package func write(_ bytes: [UInt8]) throws(OutputFailure) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, rest, rest.count)
      if count >= 0 {
        rest.removeFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: waitUntilWritable()
      case EPIPE: throw .readerGone
      case let number: throw .failed(number)
      }
    }
  }

  /// A terminal or pipe that another process made non-blocking.
  private func waitUntilWritable() {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&request, 1, -1)
  }
}

package enum OutputFailure: Error, Equatable, CustomStringConvertible {
  /// The other end of a pipe was closed, as `head` does: nobody wants the rest.
  case readerGone
  /// The system refused, with this `errno`.
  case failed(Int32)

  package var description: String {
    switch self {
    case .readerGone: "the reader of the output is gone"
    case .failed(let number):
      "cannot write the output: \(String(cString: strerror(number))); make room or send it elsewhere"
    }
  }

  package var commandFailure: CommandFailure { CommandFailure(description, code: .inputOutput) }
}

/// Makes the standard streams safe to use; call it first.
///
/// A closed pipe becomes an error of `write` rather than the end of the process, and a standard stream that the caller
/// closed is held by the null device: else the next file opened, a checkpoint perhaps, would take its number and receive
/// what is printed.
package func prepareStandardStreams() {
  signal(SIGPIPE, SIG_IGN)
  for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
    // Opened the wrong way round, so that using it is still an error; `open` takes the lowest free number, this one.
    _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
}
