import Foundation

/// Executables of this package, which are built beside the tests.
package enum BuiltProgram {
  /// File of an executable target.
  package static func url(of target: String) -> URL {
    #if os(macOS)
      let tests = Bundle(for: Marker.self).bundleURL
    #else
      let tests = Bundle.main.executableURL!
    #endif
    return tests.deletingLastPathComponent().appendingPathComponent(target)
  }

  /// Runs an executable target to its end.
  ///
  /// - Parameter directory: the directory that it runs in; nil for this process's.
  /// - Returns: what it wrote to standard output, and its exit code.
  package static func run(
    _ target: String, _ arguments: [String], in directory: String? = nil
  ) throws -> (output: String, code: Int32) {
    try run(url(of: target), arguments, in: directory)
  }

  /// Runs a line of the shell to its end.
  package static func shell(_ line: String) throws -> (output: String, code: Int32) {
    try run(URL(fileURLWithPath: "/bin/sh"), ["-c", line], in: nil)
  }

  private static func run(
    _ executable: URL, _ arguments: [String], in directory: String?
  ) throws -> (output: String, code: Int32) {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }

  private final class Marker {}
}
