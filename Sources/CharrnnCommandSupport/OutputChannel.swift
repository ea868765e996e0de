import Foundation

/// Unbuffered output to an open file descriptor: when `write` returns, the operating system has the text.
package struct OutputChannel: Sendable {
  package let descriptor: Int32

  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Results: text and machine-readable output.
  package static let standardOutput = OutputChannel(descriptor: STDOUT_FILENO)
  /// Progress, notices and errors.
  package static let standardError = OutputChannel(descriptor: STDERR_FILENO)

  package func write(_ text: String) throws(OutputFailure) { try write(Array(text.utf8)) }

  /// Writes every byte, in as many system calls as necessary.
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

  /// Throws away what is written from now on.
  package func silence() throws(OutputFailure) {
    let null = open("/dev/null", O_WRONLY)
    guard null >= 0, dup2(null, descriptor) >= 0 else { throw .failed(errno) }
    close(null)
  }

  /// Waits until the descriptor accepts output, for a terminal or pipe that another process made non-blocking.
  private func waitUntilWritable() {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&request, 1, -1)
  }
}

package enum OutputFailure: Error, Equatable, CustomStringConvertible {
  /// The reader of the pipe closed it, as `head` does.
  case readerGone
  /// The system call failed with this `errno`.
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
/// SIGPIPE and SIGXFSZ are ignored, so that a closed pipe and a limit on the size of files are errors of `write` instead of the
/// end of the process. A standard stream that
/// the caller closed is opened on the null device. Otherwise the next file to be opened, perhaps a checkpoint, would get its
/// descriptor and receive the printed text.
package func prepareStandardStreams() {
  signal(SIGPIPE, SIG_IGN)
  signal(SIGXFSZ, SIG_IGN)
  for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
    // `open` returns the lowest free descriptor, which is this one. The opposite mode keeps its use an error.
    _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
}
