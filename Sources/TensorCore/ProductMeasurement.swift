/// The speed of one matrix product in single precision, measured in three ways that tell what limits it.
package struct ProductMeasurement: Sendable {
  package struct Speed: Sendable {
    package let operationsPerSecond: Double
    /// Share of the peak that the same threads reached just before: neighbours and clocks slow both alike.
    package let peakShare: Double

    package init(operationsPerSecond: Double, peakShare: Double) {
      (self.operationsPerSecond, self.peakShare) = (operationsPerSecond, peakShare)
    }
  }

  package let shape: ProductShape
  /// The whole product, its operands wherever the caches keep them from call to call.
  package let whole: Speed
  /// The product with a right-hand side that no cache keeps: copies of 64 MiB in all take turns.
  package let fromMemory: Speed
  /// The arithmetic alone: a part of the product small enough for the first two caches, nothing packed on the way.
  package let arithmetic: Speed

  /// Limit that keeps a product below a share of the peak.
  package enum Limit: String, Sendable, CaseIterable {
    /// The arithmetic alone loses the most, and that of no number of rows measured is fast enough.
    case block
    /// The arithmetic alone loses the most; with that of the best number of rows, the product would reach the share.
    case rows
    /// The product loses more against its arithmetic alone than that does: operands come from outer caches.
    case cache
  }

  package init(_ shape: ProductShape, whole: Speed, fromMemory: Speed, arithmetic: Speed) {
    (self.shape, self.whole, self.fromMemory, self.arithmetic) = (shape, whole, fromMemory, arithmetic)
  }

  /// The limit that the measured shares tell; nil where the whole product reaches `share`.
  ///
  /// - Parameter others: measurements of the same run.
  package func limit(below share: Double, among others: [ProductMeasurement]) -> Limit? {
    if whole.peakShare >= share { return nil }
    // The share is that of the arithmetic times how well it is supplied with operands.
    let supply = whole.peakShare / arithmetic.peakShare
    if supply < arithmetic.peakShare { return .cache }
    return others.contains { $0.arithmetic.peakShare * supply >= share } ? .rows : .block
  }

  /// Measures products in about `seconds` in all, each a few times in each way at least. Products with the same right-hand side
  /// should stand together: they are measured in turns.
  ///
  /// - Parameter team: threads that share the rows of each result.
  /// - Returns: the measurements in the order of the shapes, and the peak sustained over half of the time, in operations a
  ///   second.
  package static func measure(
    _ shapes: [ProductShape], team: ThreadTeam, seconds: Double
  ) -> (products: [ProductMeasurement], sustainedPeak: Double) {
    let clock = ContinuousClock()
    let began = clock.now
    var products: [ProductMeasurement] = []
    var peak = MachinePeak.trial(Float.self, team: team)
    while products.count < shapes.count {
      let rest = shapes[products.count...]
      let group = rest.prefix { $0.n == rest.first!.n && $0.k == rest.first!.k }
      let left = max(0, seconds - (clock.now - began) / .seconds(1))
      products += measure(
        group: Array(group), beside: &peak, team: team, seconds: left * Double(group.count) / Double(rest.count))
    }
    return (products, median(of: peak.rates))
  }

  /// Measures products with the same right-hand side: in each round every trial has a slice, after one of the peak.
  private static func measure(
    group shapes: [ProductShape], beside peak: inout SpeedTrial, team: ThreadTeam, seconds: Double
  ) -> [ProductMeasurement] {
    let clock = ContinuousClock()
    let began = clock.now
    var random = RandomSource(seed: 1)
    let copies = packedCopies(rows: shapes[0].k, columns: shapes[0].n, using: &random)
    var trials = shapes.flatMap { shape in
      let operands = ProductOperands(shape, right: copies, using: &random)
      let part = ProductOperands(partOf: shape, using: &random)
      return [
        operands.trial(team: team, inTurn: false), operands.trial(team: team, inTurn: true),
        part.trial(team: team, inTurn: false),
      ]
    }
    var shares = trials.map { _ in [Double]() }
    let slice = min(longestSlice, seconds / Double(2 * trials.count * usualRounds))
    var round = 0
    repeat {
      for index in trials.indices {
        let limit = peak.measureSlice(seconds: slice)
        shares[index].append(trials[index].measureSlice(seconds: slice) / limit)
      }
      round += 1
    } while round < leastRounds || (clock.now - began) / .seconds(1) < seconds
    func speed(_ index: Int) -> Speed {
      Speed(operationsPerSecond: median(of: trials[index].rates), peakShare: median(of: shares[index]))
    }
    return shapes.indices.map {
      ProductMeasurement(
        shapes[$0], whole: speed(3 * $0), fromMemory: speed(3 * $0 + 1), arithmetic: speed(3 * $0 + 2))
    }
  }

  /// Slices of a trial that the time is divided into, and the number that it has in any case.
  private static let (usualRounds, leastRounds) = (9, 3)
  /// In seconds: shorter than the turns that a system gives to processes, so that few slices are interrupted.
  private static let longestSlice = 0.0005

  /// Copies of a packed matrix, more than caches hold.
  private static func packedCopies(
    rows: Int, columns: Int, using random: inout RandomSource
  ) -> [PackedMatrix<Float>] {
    let matrix = Tensor<Float>.uniform([rows, columns], in: -1..<1, using: &random)
    let bytes = rows * columns * MemoryLayout<Float>.stride
    return (0..<(copiedBytes - 1) / bytes + 1).map { _ in PackedMatrix(matrix) }
  }

  /// Bytes of all copies, at least.
  private static let copiedBytes = 64 << 20

  /// An upper bound of the memory in bytes that `measure` needs.
  package static func bytesNeeded(_ shapes: [ProductShape]) -> Double {
    let right = shapes.map { 3 * Double($0.n * $0.k) }.max() ?? 0
    let others = shapes.map { Double($0.m) * Double($0.k + 2 * $0.n) }.reduce(0, +)
    return Double(copiedBytes) + 4 * (right + others)
  }
}
