#if os(Linux)
  import Foundation
  import TensorCore
  import Testing

  @Suite struct MemoryLimitTests {
    /// Reserved addresses are no data: a limit on data leaves room for as much as it did without them.
    @Test func aLimitOnDataCountsDataAlone() async {
      await #expect(processExitsWith: .success) {
        reserveAddresses()
        let limit = dataInUse() + 512 * mebibyte
        setLimit(RLIMIT_DATA, to: limit)
        let available = MemoryLimit.available
        // 64 MiB are left for stacks and the like; other threads of the tests may take some too.
        let isExpected = available > Double(256 * mebibyte) && available <= Double(448 * mebibyte)
        if !isExpected { print("available: \(available)") }
        exit(isExpected ? 0 : 1)
      }
    }

    @Test func aLimitOnTheAddressSpaceCountsReservedAddresses() async {
      await #expect(processExitsWith: .success) {
        setLimit(RLIMIT_AS, to: addressSpaceInUse() + 4096 * mebibyte + 512 * mebibyte)
        reserveAddresses()
        exit(MemoryLimit.available <= Double(448 * mebibyte) ? 0 : 1)
      }
    }
  }

  private let mebibyte = 1 << 20

  /// Takes 4 GiB of addresses that can be neither read nor written.
  private func reserveAddresses() {
    let base = mmap(nil, 4096 * mebibyte, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0)
    guard base != MAP_FAILED else { exit(2) }
  }

  private func setLimit(_ resource: __rlimit_resource, to bytes: Int) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { exit(3) }
    limit.rlim_cur = rlim_t(bytes)
    guard setrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { exit(4) }
  }

  private func dataInUse() -> Int { bytesInUse(field: 5) }
  private func addressSpaceInUse() -> Int { bytesInUse(field: 0) }

  /// A number of `/proc/self/statm`, in bytes.
  private func bytesInUse(field: Int) -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { exit(5) }
    return Int(text.split(separator: " ")[field])! * sysconf(Int32(_SC_PAGESIZE))
  }
#endif
