import TensorCore
import Testing

struct InstructionSetTests {
  @Test("Without a request the best supported set is chosen, and the portable one is always there")
  func best() throws {
    #expect(InstructionSet.portable.isSupported && InstructionSet.best.isSupported)
    #expect(InstructionSet.current.isSupported)
    #expect(try InstructionSet.requested(in: [:]) == .best)
    #expect(try InstructionSet.requested(in: [InstructionSet.environmentVariable: ""]) == .best)
  }

  @Test("A request is granted or refused, never replaced", arguments: InstructionSet.allCases)
  func request(set: InstructionSet) throws {
    let environment = [InstructionSet.environmentVariable: set.rawValue]
    if set.isSupported {
      #expect(try InstructionSet.requested(in: environment) == set)
    } else {
      #expect(throws: InstructionSetError.unsupported(set)) { try InstructionSet.requested(in: environment) }
    }
  }

  @Test("An unknown request is an error that names it and what there is")
  func unknown() {
    #expect(throws: InstructionSetError.unknown("mmx")) {
      try InstructionSet.requested(in: [InstructionSet.environmentVariable: "mmx"])
    }
    let message = InstructionSetError.unknown("mmx").description
    #expect(message.contains("mmx") && message.contains("portable"))
    #expect(InstructionSetError.unsupported(.avx512).description.contains("avx512"))
  }
}
