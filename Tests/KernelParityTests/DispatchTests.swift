import CSequenceKernels
import Testing

struct DispatchTests {
  @Test func everyMachineHasThePortableKernels() {
    #expect(sk_supports(SKPortable))
  }

  @Test func aTableIsThereExactlyWhereTheSetIsSupported() {
    for set in [SKPortable, SKAVX2, SKAVX512, SKAMX] {
      #expect((sk_kernels_float(set) != nil) == sk_supports(set))
      #expect((sk_kernels_double(set) != nil) == sk_supports(set))
    }
  }

  @Test func anInstructionSetContainsTheOnesThatArePreferredLess() {
    #expect(!sk_supports(SKAMX) || sk_supports(SKAVX512))
    #expect(!sk_supports(SKAVX512) || sk_supports(SKAVX2))
  }

  @Test func tablesTellWhatTheyAre() {
    for set in machineSets {
      let float = sk_kernels_float(set)!.pointee
      let double = sk_kernels_double(set)!.pointee
      #expect(float.scalar_size == 4 && double.scalar_size == 8)
      #expect(String(cString: float.name) == String(cString: sk_name(set)))
      #expect(String(cString: double.name) == String(cString: sk_name(set)))
      #expect(float.panel_width == 2 * double.panel_width)
    }
  }

  @Test func theBurstCountsItsOperations() {
    for (name, kernels) in Float.instances {
      #expect(kernels.multiply_add_burst(10) == 10 * kernels.multiply_add_burst(1), "\(name)")
      #expect(kernels.multiply_add_burst(1) > 0, "\(name)")
    }
  }
}
