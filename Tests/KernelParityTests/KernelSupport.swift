import CSequenceKernels
import CharrnnTestSupport

/// The instruction sets this machine can run.
let machineSets: [SKInstructionSet] = allSets.filter { sk_supports($0) }

let allSets = (0..<SKInstructionSetCount.rawValue).map { SKInstructionSet(rawValue: $0) }

/// Lengths around every vector width and panel width in use.
let oddSizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130]

protocol KernelScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  static func kernels(_ set: SKInstructionSet) -> UnsafePointer<SKKernels>?
  init(_ value: Double)
  var wide: Double { get }
  /// Counts representable numbers: neighbors differ by one, the two zeros by none.
  var ordinal: Int64 { get }
  /// Half the distance from 1 to the next number.
  static var roundoff: Double { get }
}

extension Float: KernelScalar {
  static func kernels(_ set: SKInstructionSet) -> UnsafePointer<SKKernels>? { sk_kernels_float(set) }
  var wide: Double { Double(self) }
  var ordinal: Int64 { (sign == .minus ? -1 : 1) * Int64(bitPattern & 0x7fff_ffff) }
  static var roundoff: Double { 0x1p-24 }
}

extension Double: KernelScalar {
  static func kernels(_ set: SKInstructionSet) -> UnsafePointer<SKKernels>? { sk_kernels_double(set) }
  var wide: Double { self }
  var ordinal: Int64 { (sign == .minus ? -1 : 1) * Int64(bitPattern & 0x7fff_ffff_ffff_ffff) }
  static var roundoff: Double { 0x1p-53 }
}

extension KernelScalar {
  /// The kernels of each instruction set of the machine, the portable ones first.
  static var instances: [(name: String, kernels: SKKernels)] {
    machineSets.map { (String(cString: sk_name($0)), kernels($0)!.pointee) }
  }
}

/// A reproducible stream of test values.
struct TestValues {
  private var generator: SplitMix

  init(seed: UInt64) { generator = SplitMix(state: seed) }

  mutating func next() -> UInt64 { generator.next() }

  mutating func index(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func scalars<S: KernelScalar>(_ count: Int, in range: ClosedRange<Double> = -1...1) -> [S] {
    var values: [S] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      let unit = Double(next() >> 11) * 0x1p-53
      values.append(S(range.lowerBound + unit * (range.upperBound - range.lowerBound)))
    }
    return values
  }
}

/// Whether the two hold the same numbers, NaN equal to itself and the zeros to each other.
func same<S: KernelScalar>(_ a: [S], _ b: [S]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
}

/// The first index where the two differ by more than `tolerance`, described; nil if there is none.
func difference<S: KernelScalar>(_ got: [S], _ expected: [Double], tolerance: (Int) -> Double) -> String? {
  guard got.count == expected.count else { return "\(got.count) elements, expected \(expected.count)" }
  for i in got.indices where !(abs(got[i].wide - expected[i]) <= tolerance(i)) {
    if got[i].wide == expected[i] || (got[i].isNaN && expected[i].isNaN) { continue }
    return "element \(i) is \(got[i]), expected \(expected[i])"
  }
  return nil
}

func difference<S: KernelScalar>(_ got: [S], _ expected: [Double], roundoffs: Double) -> String? {
  difference(got, expected) { roundoffs * S.roundoff * max(1, abs(expected[$0])) }
}
