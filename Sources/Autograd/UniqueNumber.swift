import Synchronization

/// Numbers that tell things apart, each given out once in a process. (An object's address is given out again after its end.)
enum UniqueNumber {
  private static let counter = Atomic<UInt64>(0)

  static func next() -> UInt64 { counter.wrappingAdd(1, ordering: .relaxed).newValue }
}
