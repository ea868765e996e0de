import CharrnnCommandSupport
import SequenceModeling

/// Measured products beside the peaks of the same threads, in operations a second.
struct ProductReport {
  private let threads: Int
  /// Cores that the threads had on average while the peak was measured.
  let averageCores: Double
  private let peak, sustainedPeak: Double
  private let products: [ProductMeasurement]

  /// Share of the peak below which a product is marked.
  private static let goodShare = 0.85

  /// Measures the products in about some seconds.
  init(_ shapes: [ProductShape], team: ThreadTeam, seconds: Double) {
    threads = team.count
    let cores = CoreUse()
    let burstPeak = MachinePeak.measure(Float.self, team: team)
    averageCores = cores.average
    (products, sustainedPeak) = ProductMeasurement.measure(shapes, team: team, seconds: seconds)
    // Other programs may have had the cores during all the bursts.
    peak = max(burstPeak, sustainedPeak)
  }

  private func limit(of product: ProductMeasurement) -> ProductMeasurement.Limit? {
    product.limit(below: Self.goodShare, among: products)
  }

  var json: JSONText {
    [
      "instruction_set": .string(InstructionSet.current.rawValue), "threads": .integer(threads),
      "peak_gflops": .number(peak / 1e9), "sustained_peak_gflops": .number(sustainedPeak / 1e9),
      "products": .array(
        products.map {
          [
            "product": .string($0.shape.use.rawValue), "hidden": .integer($0.shape.hidden),
            "rows": .integer($0.shape.rows), "m": .integer($0.shape.m), "n": .integer($0.shape.n),
            "k": .integer($0.shape.k), "gflops": .number($0.whole.operationsPerSecond / 1e9),
            "memory_gflops": .number($0.fromMemory.operationsPerSecond / 1e9),
            "alone_gflops": .number($0.arithmetic.operationsPerSecond / 1e9),
            "burst_share": .number($0.whole.operationsPerSecond / peak), "cached_share": .number($0.whole.peakShare),
            "memory_share": .number($0.fromMemory.peakShare), "alone_share": .number($0.arithmetic.peakShare),
            "limit": limit(of: $0).map { .string($0.rawValue) } ?? .null,
          ]
        }),
    ]
  }

  var text: String {
    let head = [
      "peak  \(gigaflops(peak)) GFLOP/s of float32 in short bursts, \(gigaflops(sustainedPeak)) sustained; "
        + "\(counted(threads, "thread")), \(InstructionSet.current.rawValue)", "",
    ]
    return (head + table.lines + [""] + Self.legend).map { $0 + "\n" }.joined()
  }

  private var table: TextTable {
    func column(_ name: String, _ text: (ProductMeasurement) -> String) -> TextTable.Column {
      .init(name, products.map(text), rank: nil, isNumber: true)
    }
    func share(_ name: String, _ value: @escaping (ProductMeasurement) -> Double) -> TextTable.Column {
      column(name) { Readable.fixed(100 * value($0), digits: 1) + "%" }
    }
    return TextTable(
      [
        .init("product", products.map(\.shape.use.rawValue), rank: nil), column("hidden") { "\($0.shape.hidden)" },
        column("rows") { "\($0.shape.rows)" }, column("B KiB") { "\($0.shape.n * $0.shape.k / 256)" },
        column("GFLOP/s") { gigaflops($0.whole.operationsPerSecond) },
        share("burst") { $0.whole.operationsPerSecond / peak }, share("cached", \.whole.peakShare),
        share("memory", \.fromMemory.peakShare), share("alone", \.arithmetic.peakShare),
        .init("limit", products.map { limit(of: $0)?.rawValue ?? "" }, rank: nil),
      ], width: .max)
  }

  private static let legend = [
    "hidden   units of the layer",
    "rows     rows of a step, which --batch sets; for weights those of a chunk of steps in training, whatever --batch",
    "B KiB    size of the right-hand side B, which tells what cache can keep it",
    "GFLOP/s  speed with B where the caches keep it; burst is its share of the peak in short bursts",
    "cached   share of the peak that was measured just before, with B where the caches keep it, as in most steps",
    "memory   the same with B from memory, as in the first step of a sequence where the caches have lost it",
    "alone    the same of the arithmetic alone, on a part of at most 96 KiB, which the first two caches hold",
    "limit    why cached is below 85%; against rows and cache more rows in a step may help, a larger --batch",
    "  block  the arithmetic alone loses the most, with any number of rows",
    "  rows   the arithmetic alone loses the most, with these rows",
    "  cache  operands that come from outer caches lose the most",
    "Shares vary by some percent, also above 100%: neighbours and the clock slow peak and product not quite alike.",
  ]

  private func gigaflops(_ operations: Double) -> String { Readable.fixed(operations / 1e9, digits: 1) }
}
