import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension RunDirectory {
  /// Sizes of a run's files, in bytes, about.
  package struct Sizes: Sendable {
    package var last, best: Int
    /// How many states of the size of `last` will be kept beside it.
    package var kept: Int
    /// The configuration, the lines of the metrics that will be added, and the report.
    package var others: Int

    package init(last: Int, best: Int, kept: Int = 0, others: Int) {
      (self.last, self.best, self.kept, self.others) = (last, best, kept, others)
    }
  }

  /// Checks that there is room for a run's files and for their replacement, by allocating it for a moment.
  ///
  /// A file is replaced by a new one that is written beside it, so at some moments one of the two files is there twice. What
  /// the directory holds already makes room as it is replaced.
  package func requireRoom(for sizes: Sizes) throws(FileError) {
    let (oldLast, oldBest) = (try size(of: last), try size(of: best))
    var oldKept = try size(of: undecayed)
    for state in try keptStates() { oldKept += try size(of: state.path) }
    let (both, largest) = (sizes.last + sizes.best, max(sizes.last, sizes.best))
    let (kept, overflow) = sizes.kept.multipliedReportingOverflow(by: sizes.last)
    guard !overflow, kept < Int.max / 2 else { throw noRoom(Int.max / 2, code: ENOSPC) }
    // Before the first file is replaced, then one of them, then all.
    let models = max(
      largest, both - min(oldLast, oldBest), both + kept + largest - oldLast - oldBest - oldKept)
    try allocateForAMoment(models + sizes.others, atMost: largest)
  }

  private func size(of file: String) throws(FileError) -> Int { try files.statusIfAny(of: file)?.size ?? 0 }

  private func noRoom(_ bytes: Int, code: Int32) -> FileError {
    FileError(path: path, action: "find room for \(byteSize(Double(bytes))) of checkpoints", code: code)
  }

  /// Takes room in files that are no larger than those to come, as a limit on the size of files is not one on their sum; in
  /// larger ones where they would be too many to have open.
  private func allocateForAMoment(_ bytes: Int, atMost largest: Int) throws(FileError) {
    let probe = "\(path)/.\(Self.probeName).\(getpid()).tmp"
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { try? files.closeDescriptor(descriptor) } }
    let part = max(largest, bytes / Self.mostProbes + 1)
    var rest = bytes
    while rest > 0 {
      try? files.remove(probe)
      let descriptor = try naming(path, "create a file") { () throws(SystemError) in try files.create(probe) }
      descriptors.append(descriptor)
      // Without a name a file is gone when the process ends, however it ends.
      try naming(path, "remove a file") { () throws(SystemError) in try files.remove(probe) }
      do throws(SystemError) { try files.allocate(min(rest, part), for: descriptor) } catch {
        // Other failures say that the file system cannot allocate, not that there is no room.
        let isTooLarge = error.code == EFBIG && part == largest
        if isTooLarge || [ENOSPC, EDQUOT, EIO].contains(error.code) { throw noRoom(bytes, code: error.code) }
      }
      rest -= part
    }
  }

  private static let mostProbes = 16
}
