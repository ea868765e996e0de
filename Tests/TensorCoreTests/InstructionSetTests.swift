import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

struct InstructionSetTests {
  /// Without a request the best supported set is chosen, and the portable one is always there.
  @Test func withoutARequestTheBestSupportedSetIsChosen() throws {
    #expect(InstructionSet.portable.isSupported && InstructionSet.best.isSupported)
    #expect(InstructionSet.current.isSupported)
    #expect(try InstructionSet.requested(in: [:]) == .best)
    #expect(try InstructionSet.requested(in: [InstructionSet.environmentVariable: ""]) == .best)
  }

  @Test(arguments: InstructionSet.allCases)
  func aRequestIsGrantedOrRefusedNeverReplaced(set: InstructionSet) throws {
    let environment = [InstructionSet.environmentVariable: set.rawValue]
    if set.isSupported {
      #expect(try InstructionSet.requested(in: environment) == set)
    } else {
      #expect(throws: InstructionSetError.unsupported(set)) { try InstructionSet.requested(in: environment) }
    }
  }

  @Test func aSetIsChosenBeforeAnyIsInUseAndNotAfter() async {
    await #expect(processExitsWith: .success) {
      InstructionSet.choose(.reproducible)
      InstructionSet.choose(.reproducible)
      exit(InstructionSet.current == .reproducible ? 0 : 1)
    }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let other = InstructionSet.current == .portable ? InstructionSet.reproducible : .portable
      InstructionSet.choose(other)
    }
    expectMessage("too late", from: result)
  }

  @Test func anUnknownRequestIsAnErrorThatNamesItAndWhatThereIs() {
    #expect(throws: InstructionSetError.unknown("mmx")) {
      try InstructionSet.requested(in: [InstructionSet.environmentVariable: "mmx"])
    }
    let message = InstructionSetError.unknown("mmx").description
    #expect(message.contains("mmx") && message.contains("portable"))
    #expect(InstructionSetError.unsupported(.avx512).description.contains("avx512"))
  }
}
