import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

/// Compiled kernels that are kept from one process to the next.
@Suite struct DeviceKernelCacheTests {
  private let folder: ScratchDirectory
  private let cache: KernelCache
  private let key = KernelCache.Key(hash: "a1b2")
  private let file = "kernels-a1b2.bin"

  init() throws {
    folder = try ScratchDirectory()
    cache = KernelCache(folder: URL(fileURLWithPath: folder.path))
  }

  @Test func aProgramIsFoundAgain() throws {
    #expect(cache.binary(for: key) == nil)
    cache.store([1, 2, 3], for: key)
    #expect(cache.binary(for: key) == [1, 2, 3])
    #expect(cache.binary(for: KernelCache.Key(hash: "a1b3")) == nil, "another program is another file")
    cache.store([4], for: key)
    #expect(cache.binary(for: key) == [4])
    #expect(try folder.names == [file])
  }

  @Test func aDamagedFileIsNone() throws {
    cache.store(Array(0..<100), for: key)
    let whole = try folder.bytes(of: file)
    for position in [0, 63, 64, whole.count - 1] {
      var bytes = whole
      bytes[position] ^= 1
      try folder.write(bytes, to: file)
      #expect(cache.binary(for: key) == nil, "byte \(position)")
    }
    for count in [0, 10, 64, whole.count - 1] {
      try folder.write(Array(whole.prefix(count)), to: file)
      #expect(cache.binary(for: key) == nil, "cut to \(count) bytes")
    }
    try folder.write(whole + [0], to: file)
    #expect(cache.binary(for: key) == nil, "longer")
    let other = KernelCache.Key(hash: "a1b3")
    cache.store([7], for: other)
    try folder.write(folder.bytes(of: "kernels-a1b3.bin"), to: file)
    #expect(cache.binary(for: key) == nil && cache.binary(for: other) == [7], "another program's")
    try folder.write(whole, to: file)
    #expect(cache.binary(for: key) == Array(0..<100))
  }

  @Test func aFolderThatCannotBeMadeIsNoError() throws {
    try folder.write("", to: "file")
    for cache in [
      KernelCache(folder: URL(fileURLWithPath: folder.path(of: "file/below"))), KernelCache(folder: nil),
    ] {
      cache.store([1], for: key)
      #expect(cache.binary(for: key) == nil)
    }
  }

  /// A process finds the programs of the one before; damaged ones, and ones that the driver does not take, it makes anew.
  @Test(.enabled(if: hasDevice)) func damagedProgramsAreMadeAnew() async throws {
    let kept = KernelCache(folder: URL(fileURLWithPath: folder.path(of: "charrnn")))
    func hashes() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path(of: "charrnn")).sorted().map {
        String($0.dropFirst("kernels-".count).dropLast(".bin".count))
      }
    }
    func program(_ hash: String) -> [UInt8]? { kept.binary(for: KernelCache.Key(hash: hash)) }
    func runProcess() async {
      await #expect(processExitsWith: .success) { [path = folder.path as String] in
        setenv("XDG_CACHE_HOME", path, 1)
        let x = try Tensor<Float>([1, 2, 3], shape: [3]).on(.openCL(#require(testDevice)))
        #expect(try (x + x).on(.cpu).scalars == [2, 4, 6])
      }
    }
    await runProcess()
    let first = try hashes()
    #expect(!first.isEmpty && first.allSatisfy { program($0) != nil })
    for hash in first {
      let name = "charrnn/kernels-\(hash).bin"
      try folder.write(Array(try folder.bytes(of: name).dropLast()), to: name)
    }
    await runProcess()
    #expect(try hashes() == first && first.allSatisfy { program($0) != nil }, "cut files are whole again")
    for hash in first { kept.store([1, 2, 3], for: KernelCache.Key(hash: hash)) }
    await runProcess()
    #expect(try hashes() == first && first.allSatisfy { program($0) != [1, 2, 3] }, "what is no program is one again")
  }
}

/// The list of devices.
@Suite(.enabled(if: hasDevice))
struct DeviceListTests {
  @Test func aDeviceIsFoundByItsNumber() throws {
    let devices = try OpenCLDevice.all()
    for (number, device) in devices.enumerated() {
      #expect(device.number == number)
      #expect(try OpenCLDevice.numbered(number) == device)
    }
  }

  @Test(arguments: [99, -1])
  func aNumberWithoutADeviceThrows(number: Int) throws {
    let count = try OpenCLDevice.all().count
    #expect(throws: DeviceError.unknownDevice(number, count: count)) { try OpenCLDevice.numbered(number) }
  }

  @Test func theMessageOfANumberWithoutADeviceSaysWhichThereAre() {
    let device = "there is no device 99: charrnn devices lists"
    #expect("\(DeviceError.unknownDevice(99, count: 1))" == "\(device) one, number 0")
    #expect("\(DeviceError.unknownDevice(99, count: 3))" == "\(device) 3, numbers 0 to 2")
  }
}
