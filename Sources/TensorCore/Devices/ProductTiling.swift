import Synchronization

/// One way to compute products on a device: how much of the result a work group takes. All that a device chooses from give the same
/// bits, so that the fastest may be chosen by measurement: each element is a chain of multiply-adds over k in order, or where k
/// is divided the sum of those of its slices.
package struct ProductTiling: Hashable, Sendable, CustomStringConvertible {
  package let kernel: String
  /// Macros of the kernel.
  let options: String
  /// Rows and columns of a part of the result, and the parts that a work group computes.
  let rows, columns, parts: Int
  /// Items of a work group.
  let items: Int

  package var description: String { "\(kernel) \(options)" }

  /// A group of side · side items computes a square of which each has part · part elements.
  private static func tiles(side: Int, part: Int, depth: Int) -> ProductTiling {
    ProductTiling(
      kernel: "product", options: "-D SIDE=\(side) -D PART=\(part) -D DEPTH=\(depth)", rows: side * part,
      columns: side * part, parts: 1, items: side * side)
  }

  /// Each of 8 items computes some rows of 16 columns.
  private static func vectors(rows: Int) -> ProductTiling {
    ProductTiling(
      kernel: "product_in_vectors", options: "-D ROWS=\(rows)", rows: rows, columns: 16, parts: 8, items: 8)
  }

  /// Through local memory and registers.
  private static let ofTiles: [ProductTiling] = [
    .tiles(side: 8, part: 4, depth: 16), .tiles(side: 16, part: 4, depth: 16), .tiles(side: 8, part: 8, depth: 16),
    .tiles(side: 16, part: 8, depth: 8), .tiles(side: 16, part: 2, depth: 16),
  ]
  /// Through the caches of a processor.
  private static let ofVectors: [ProductTiling] = [.vectors(rows: 4), .vectors(rows: 1), .vectors(rows: 8)]

  /// The ways that are worth trying on a device, the first where nothing is measured.
  package static func candidates(for device: OpenCLDevice) -> [ProductTiling] {
    device.kind == .processor ? ofVectors : ofTiles.filter { $0.items <= device.largestGroup }
  }

  package static let all = ofTiles + ofVectors

  /// The way that products of a task are computed in, for tests; nil where it is chosen.
  @TaskLocal package static var forced: ProductTiling?

  /// Work groups for a result.
  func groups(rows: Int, columns: Int) -> Int {
    let (down, across) = ((rows + self.rows - 1) / self.rows, (columns + self.columns - 1) / self.columns)
    return (down * across + parts - 1) / parts
  }

  /// Whether long sums are divided between work groups, as the kernels do that compute one part of the result in a group. Either all
  /// candidates for a device do so or none, for the sake of the bits.
  package var dividesDepth: Bool { parts == 1 }

  /// How much of k a work group takes: all of it, or where the result is small and the sums are long a slice, so that more groups
  /// have something to do. It depends on the size alone.
  package func slice(of size: (rows: Int, columns: Int, depth: Int)) -> Int {
    let tiles = ((size.rows + 31) / 32) * ((size.columns + 31) / 32)
    guard dividesDepth, size.depth >= 1024, 1...128 ~= tiles else { return size.depth }
    let count = min(size.depth / 256, 256 / tiles)
    return ((size.depth + count - 1) / count + 15) / 16 * 16
  }
}

/// The choice of tilings of a device: at the first product of about a size each is tried on its operands, and the fastest kept, from
/// one process to the next in the cache of kernels.
package final class ProductTuning: Sendable {
  /// Products of about one size and layout are computed in one way.
  struct SizeClass: Hashable, Sendable, CustomStringConvertible {
    /// Logarithms to the base 4 of rows, columns and depth.
    let rows, columns, depth: Int
    let isTransposed, isDouble: Bool

    init(_ size: (rows: Int, columns: Int, depth: Int), isTransposed: Bool, isDouble: Bool) {
      func logarithm(_ count: Int) -> Int { (Int.bitWidth - max(count - 1, 0).leadingZeroBitCount + 1) / 2 }
      (rows, columns, depth) = (logarithm(size.rows), logarithm(size.columns), logarithm(size.depth))
      (self.isTransposed, self.isDouble) = (isTransposed, isDouble)
    }

    var description: String {
      "4^\(rows) x 4^\(columns) x 4^\(depth)\(isTransposed ? ", transposed" : "")\(isDouble ? ", doubles" : "")"
    }
  }

  /// Multiply-adds below which a choice is not worth measuring.
  private static let leastWork = 1 << 16

  private let chosen = Mutex<[SizeClass: ProductTiling]>([:])
  private let cache: KernelCache

  package init(cache: KernelCache = .standard) { self.cache = cache }

  /// The tiling for products of a size; where it is not known yet, `measure` gives the seconds that one takes, nil for one that
  /// the device does not compute.
  package func tiling(
    for size: (rows: Int, columns: Int, depth: Int), isTransposed: Bool, isDouble: Bool, on device: OpenCLDevice,
    measure: (ProductTiling) -> Double?
  ) -> ProductTiling {
    let candidates = ProductTiling.candidates(for: device)
    if size.rows * size.columns * size.depth < Self.leastWork { return candidates[0] }
    let sizeClass = SizeClass(size, isTransposed: isTransposed, isDouble: isDouble)
    if let known = chosen.withLock({ $0[sizeClass] }) { return known }
    let key = KernelCache.Key(
      device: device, options: "tiling of \(sizeClass) among \(candidates)",
      source: KernelSource.prelude + KernelSource.products.text)
    let tiling: ProductTiling
    if let number = cache.binary(for: key)?.first.map(Int.init), number < candidates.count {
      tiling = candidates[number]
    } else {
      let seconds = candidates.map { measure($0) ?? .infinity }
      let fastest = seconds.indices.min { seconds[$0] < seconds[$1] }!
      tiling = candidates[fastest]
      if seconds[fastest].isFinite { cache.store([UInt8(fastest)], for: key) }
    }
    chosen.withLock { $0[sizeClass] = tiling }
    return tiling
  }
}
