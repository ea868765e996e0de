import Foundation

/// Memory that this process may use.
package enum MemoryLimit {
  /// In bytes: the least of the machine's memory, the limit of the control group that a container runs in, and what is left of
  /// the limits on the process's address space and data.
  package static var available: Double {
    let machine = Double(ProcessInfo.processInfo.physicalMemory)
    return ([machine] + controlGroupLimits + processLimits).min() ?? machine
  }

  /// Bytes that the process holds now: 0 where the system does not tell.
  package static var resident: Double {
    #if os(Linux)
      pages.map { $0[1] * pageSize } ?? 0
    #else
      0
    #endif
  }

  /// Limits of the control groups of Linux, of version 2 and of version 1.
  private static var controlGroupLimits: [Double] {
    var files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    // Lines such as 0::/user.slice/session.scope.
    for line in text(of: "/proc/self/cgroup").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[1].isEmpty else { continue }
      var group = fields[2]
      while let slash = group.lastIndex(of: "/"), group.count > 1 {
        files.append("/sys/fs/cgroup\(group)/memory.max")
        group = group[..<slash]
      }
    }
    return files.compactMap { Double(text(of: $0).trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// Address space for stacks of threads, libraries and alignment.
  private static let overhead = Double(64 << 20)

  private static var processLimits: [Double] {
    #if os(Linux)
      guard let pages else { return [] }
      // Data are private writable pages: not the mapped files and reserved addresses that the address space counts too.
      let (addressSpace, data) = (pages[0], pages[5])
      return [(RLIMIT_AS, addressSpace), (RLIMIT_DATA, data)].compactMap { resource, used in
        limit(of: resource).map { max(0, $0 - used * pageSize - overhead) }
      }
    #else
      return []
    #endif
  }

  #if os(Linux)
    private static let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))

    /// Pages of the process: of its address space, those in memory, shared ones, code, libraries, data.
    private static var pages: [Double]? {
      let pages = text(of: "/proc/self/statm").split(separator: " ").compactMap { Double($0) }
      return pages.count > 5 ? pages : nil
    }

    private static func limit(of resource: __rlimit_resource) -> Double? {
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
      // No limit is the largest number there is.
      return Double(limit.rlim_cur)
    }
  #endif

  private static func text(of file: String) -> String {
    guard let bytes = try? FileReader(file).rest() else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }
}
