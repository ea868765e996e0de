import CharrnnFuzzing
import Foundation

// Entry point that libFuzzer calls; `.ci/fuzz` compiles it with the name of a target in FUZZ_TARGET.
private let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? "")!

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  measured(Array(UnsafeBufferPointer(start: start, count: count)), target.run)
  return 0
}
