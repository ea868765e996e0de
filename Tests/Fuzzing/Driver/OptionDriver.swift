// Entry point for the option grammar; `.ci/fuzz` compiles it into the module of the command.

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  measured(Array(UnsafeBufferPointer(start: start, count: count)), readOptions)
  return 0
}
