import Foundation

/// A directory for the files of one test.
final class TemporaryFiles {
  private let directory = FileManager.default.temporaryDirectory.appending(path: "sequence-text-\(UUID())")

  init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: directory) }

  var path: String { directory.path }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = directory.appending(path: name)
    try Data(bytes).write(to: file)
    return file.path
  }
}
