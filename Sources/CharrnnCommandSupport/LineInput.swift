import Foundation

/// Lines of standard input, one at a time, for a dialogue.
package final class LineInput {
  private var waiting: [UInt8] = []
  private var isAtEnd = false

  package init() {}

  /// The next line without its end; nil at the end of the input, and when `shouldStop` says so while it waits.
  ///
  /// Bytes that are not valid UTF-8 read as U+FFFD.
  ///
  /// - Throws: a failure (74) where the input cannot be read, or a line has more than a mebibyte.
  package func next(until shouldStop: () -> Bool) throws(CommandFailure) -> String? {
    while true {
      if let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
        defer { waiting.removeSubrange(...end) }
        return line(waiting[..<end])
      }
      if isAtEnd {
        defer { waiting = [] }
        return waiting.isEmpty ? nil : line(waiting[...])
      }
      if shouldStop() { return nil }
      if waiting.count > 1 << 20 {
        throw CommandFailure("standard input: a line of more than 1 MiB; write shorter ones", code: .inputOutput)
      }
      try read()
    }
  }

  private func line(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
  }

  /// Waits a moment for input, and takes what is there.
  private func read() throws(CommandFailure) {
    var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 100) > 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Foundation.read(STDIN_FILENO, &bytes, bytes.count)
    let code = errno
    if count > 0 { waiting += bytes[..<count] }
    if count == 0 { isAtEnd = true }
    if count < 0 && code != EINTR && code != EAGAIN {
      throw CommandFailure(
        "standard input: cannot read: \(String(cString: strerror(code)).lowercased())", code: .inputOutput)
    }
  }
}
