import Foundation

extension AtomicFile {
  /// Removes the temporary files that killed processes left in `directory`; each may be as large as a whole file. Files
  /// that cannot be removed stay.
  ///
  /// Call it only while nothing else can write there, for instance while holding a `DirectoryLock`: a temporary file in
  /// use has the same kind of name.
  public static func removeAbandoned(in directory: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where isTemporaryName(name) { try? SystemFileOperations().remove("\(directory)/\(name)") }
  }

  static func temporaryName(for name: String, process: Int32) -> String { ".\(name).\(process).tmp" }

  private static func isTemporaryName(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    // The form is `.NAME.PROCESS.tmp`; NAME may contain dots.
    guard parts.count >= 4, let first = parts.first, first.isEmpty,
      parts.last.map({ $0.elementsEqual("tmp".utf8) }) == true
    else { return false }
    let process = parts[parts.count - 2]
    return !process.isEmpty && process.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}
