import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

/// Products on a device, in each of the ways that one is chosen from.
@Suite(.enabled(if: hasDevice))
struct DeviceProductTests {
  private static let sizes = [1, 9, 33, 65, 130]

  /// The product with each layout of the operands, and with one of them added to.
  private func products<Scalar: TensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> [Tensor<Scalar>] {
    [a.matmul(b), a.transposed().matmul(b, transposing: true), a.matmul(b.transposed(), transposingOther: true)]
  }

  @Test func eachWayGivesTheSameBits() throws {
    let device = Device.openCL(try #require(testDevice))
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      for m in Self.sizes {
        for n in Self.sizes {
          for k in [1, 17, 40] {
            let (a, b) = (sample([m, k], of: type), sample([k, n], seed: 2, of: type))
            let (onA, onB) = (try a.on(device), try b.on(device))
            let found = try ProductTiling.all.map { tiling in
              try ProductTiling.$forced.withValue(tiling) { try products(onA, onB).map { try $0.on(.cpu) } }
            }
            for (tiling, results) in zip(ProductTiling.all, found) {
              #expect(results == found[0], "\(tiling): \(m) × \(k) × \(n) of \(type)")
            }
            for (one, expected) in zip(found[0], products(a, b)) {
              #expect(one.largestDifference(to: expected) <= type.deviceTolerance, "\(m) × \(k) × \(n) of \(type)")
            }
          }
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// As for the gradients of weights, where k counts all steps.
  @Test(arguments: [(33, 40, 1024), (31, 65, 1500), (1, 1, 5000), (128, 128, 2500)])
  func longSumsAreDivided(_ m: Int, _ n: Int, _ k: Int) throws {
    let device = Device.openCL(try #require(testDevice))
    let (a, b) = (sample([m, k], of: Double.self), sample([k, n], seed: 2, of: Double.self))
    let (onA, onB) = (try a.on(device), try b.on(device))
    var divided: [[Tensor<Double>]] = []
    for tiling in ProductTiling.all {
      let found = try ProductTiling.$forced.withValue(tiling) { try products(onA, onB).map { try $0.on(.cpu) } }
      for (one, expected) in zip(found, products(a, b)) {
        #expect(one.largestDifference(to: expected) <= Double.deviceTolerance, "\(tiling)")
      }
      #expect((tiling.slice(of: (m, n, k)) < k) == tiling.dividesDepth)
      if tiling.dividesDepth { divided.append(found) }
    }
    #expect(divided.count > 1 && divided.allSatisfy { $0 == divided[0] })
  }

  /// Or the bits would depend on which is the fastest.
  @Test func allCandidatesForADeviceDivideOrNone() throws {
    let candidates = ProductTiling.candidates(for: try #require(testDevice))
    #expect(candidates.allSatisfy { $0.dividesDepth == candidates[0].dividesDepth })
    #expect(Set(ProductTiling.all.filter(\.dividesDepth).map(\.kernel)) == ["product"])
  }

  /// Only sums that are long for a result that is small: so the bits depend on sizes alone.
  @Test func sumsAreDividedBySize() throws {
    let tiles = ProductTiling.all[0]
    #expect(tiles.slice(of: (512, 128, 2500)) == 640)
    #expect(tiles.slice(of: (32, 32, 2560)) == 256)
    #expect(tiles.slice(of: (64, 4096, 1024)) == 1024)
    #expect(tiles.slice(of: (32, 32, 1000)) == 1000)
    #expect(tiles.slice(of: (0, 32, 2000)) == 2000)
  }
}

/// The choice of the fastest way, by measurement.
@Suite(.enabled(if: hasDevice))
struct ProductTuningTests {
  private let folder: ScratchDirectory
  private let cache: KernelCache
  private let device: OpenCLDevice
  private let size = (rows: 64, columns: 64, depth: 64)

  init() throws {
    folder = try ScratchDirectory()
    cache = KernelCache(folder: URL(fileURLWithPath: folder.path))
    device = try #require(testDevice)
  }

  /// The way that is chosen where the last one is the fastest, and how often one was measured.
  private func choice(
    of tuning: ProductTuning, rows: Int? = nil, isTransposed: Bool = false, fails: Bool = false
  ) -> (tiling: ProductTiling, measured: Int) {
    var measured = 0
    let last = ProductTiling.candidates(for: device).last!
    let tiling = tuning.tiling(
      for: (rows ?? size.rows, size.columns, size.depth), isTransposed: isTransposed, isDouble: false, on: device
    ) {
      measured += 1
      return fails ? nil : $0 == last ? 1 : 2
    }
    return (tiling, measured)
  }

  @Test func theFastestIsKept() throws {
    let candidates = ProductTiling.candidates(for: device)
    let tuning = ProductTuning(cache: cache)
    #expect(choice(of: tuning) == (candidates.last!, candidates.count))
    #expect(choice(of: tuning) == (candidates.last!, 0))
    #expect(choice(of: tuning, rows: 63) == (candidates.last!, 0), "about the same size")
    #expect(choice(of: tuning, rows: 65).measured == candidates.count, "another size")
    #expect(choice(of: tuning, isTransposed: true).measured == candidates.count, "another layout")
    #expect(choice(of: ProductTuning(cache: cache)) == (candidates.last!, 0), "the next process")
    #expect(choice(of: tuning, rows: 1) == (candidates[0], 0), "too small to measure")
  }

  @Test func aDamagedChoiceIsMadeAnew() throws {
    let candidates = ProductTiling.candidates(for: device)
    _ = choice(of: ProductTuning(cache: cache))
    let file = try #require(try folder.names.first)
    let whole = try folder.bytes(of: file)
    for bytes in [[], Array(whole.prefix(10)), whole.dropLast() + [whole.last! ^ 1]] {
      try folder.write(bytes, to: file)
      #expect(choice(of: ProductTuning(cache: cache)) == (candidates.last!, candidates.count))
    }
  }

  /// The first way is used then, and says what is wrong.
  @Test func nothingIsKeptOfAFailure() throws {
    let candidates = ProductTiling.candidates(for: device)
    #expect(choice(of: ProductTuning(cache: cache), fails: true) == (candidates[0], candidates.count))
    #expect(try folder.names.isEmpty)
  }
}
