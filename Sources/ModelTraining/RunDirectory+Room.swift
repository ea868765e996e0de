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
    /// The configuration, all lines of the metrics, and states that are kept.
    package var others: Int

    package init(last: Int, best: Int, others: Int) { (self.last, self.best, self.others) = (last, best, others) }
  }

  /// Checks that there is room for a run's files and for their replacement, by allocating it for a moment.
  ///
  /// A file is replaced by a new one that is written beside it, so at some moments one of the two files is there twice. What
  /// the directory holds already makes room as it is replaced.
  package func requireRoom(for sizes: Sizes) throws(FileError) {
    let (oldLast, oldBest) = (try size(of: last), try size(of: best))
    let (both, largest) = (sizes.last + sizes.best, max(sizes.last, sizes.best))
    // Before the first file is replaced, then one of them, then both.
    let needed = sizes.others + max(largest, both - min(oldLast, oldBest), both + largest - oldLast - oldBest)
    try allocateForAMoment(needed, atMost: largest)
  }

  private func size(of file: String) throws(FileError) -> Int { try files.statusIfAny(of: file)?.size ?? 0 }

  /// Takes room in files that are no larger than those to come: a limit on the size of files is not one on their sum.
  private func allocateForAMoment(_ bytes: Int, atMost largest: Int) throws(FileError) {
    let probe = "\(path)/.\(Self.probeName).\(getpid()).tmp"
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { try? files.closeDescriptor(descriptor) } }
    var rest = bytes
    while rest > 0 {
      try? files.remove(probe)
      let descriptor = try naming(path, "create a file") { () throws(SystemError) in try files.create(probe) }
      descriptors.append(descriptor)
      // Without a name a file is gone when the process ends, however it ends.
      try naming(path, "remove a file") { () throws(SystemError) in try files.remove(probe) }
      do throws(SystemError) { try files.allocate(min(rest, largest), for: descriptor) } catch {
        // Other failures say that the file system cannot allocate, not that there is no room.
        if [ENOSPC, EDQUOT, EFBIG, EIO].contains(error.code) {
          throw FileError(path: path, action: "find room for \(readableSize(bytes)) of checkpoints", code: error.code)
        }
      }
      rest -= largest
    }
  }

  private func readableSize(_ bytes: Int) -> String { bytes >> 20 > 0 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB" }
}
