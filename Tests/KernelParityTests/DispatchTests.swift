import CSequenceKernels
import Testing

struct DispatchTests {
  @Test func everyMachineHasThePortableKernels() {
    #expect(sk_supports(SKPortable) && sk_supports(SKReproducible))
  }

  @Test func aTableIsThereExactlyWhereTheSetIsSupported() {
    for set in allSets {
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

  /// A kernel that `KERNEL_TABLE` leaves out is NULL there, and would crash its first caller.
  @Test func everyKernelOfEveryTableIsThere() throws {
    let first = try #require(MemoryLayout<SKKernels>.offset(of: \.unary))
    let pointer = MemoryLayout<UnsafeRawPointer>.stride
    for (name, kernels) in Float.instances + Double.instances {
      withUnsafeBytes(of: kernels) { bytes in
        for offset in stride(from: first, to: bytes.count, by: pointer) {
          let entry = bytes.load(fromByteOffset: offset, as: Optional<UnsafeRawPointer>.self)
          #expect(entry != nil, "\(name): kernel \((offset - first) / pointer) of SKKernels is NULL")
        }
      }
    }
  }

  /// In double there are full products alone; in float all, bfloat16 where the processor multiplies it.
  @Test func everyTableHasTheFormatsThatAreDocumented() {
    for (name, kernels) in Float.instances {
      withUnsafePointer(to: kernels) {
        for format in formats where format != SKFormatBFloat16 {
          #expect(sk_format($0, format) != nil, "\(name): format \(format.rawValue) in float")
        }
        #expect(name != "amx" || sk_format($0, SKFormatBFloat16) != nil)
        #expect(name != "portable" || sk_format($0, SKFormatBFloat16) == nil)
      }
    }
    for (name, kernels) in Double.instances {
      withUnsafePointer(to: kernels) {
        #expect(sk_format($0, SKFormatFull) != nil, "\(name): full products in double")
        for format in formats where format != SKFormatFull {
          #expect(sk_format($0, format) == nil, "\(name): format \(format.rawValue) in double")
        }
      }
    }
  }

  @Test func theBurstCountsItsOperations() {
    for (name, kernels) in Float.instances {
      #expect(kernels.multiply_add_burst(10) == 10 * kernels.multiply_add_burst(1), "\(name)")
      #expect(kernels.multiply_add_burst(1) > 0, "\(name)")
    }
  }
}
