import TensorCore
import Testing

@Suite struct ProductMeasurementTests {
  @Test func aProductCountsTwoOperationsForEachElementAndStepOfDepth() {
    for shape in ProductShape.all(rows: [3, 8], hidden: [5, 16], chunkRows: 7) {
      #expect(shape.operations == Double(2 * shape.m * shape.n * shape.k))
    }
  }

  /// Each use multiplies every weight of W_hh, [4H, H], with every row.
  @Test(arguments: ProductShape.Use.allCases)
  func everyUseCountsTheRecurrentWeightsOncePerRow(use: ProductShape.Use) {
    #expect(ProductShape(use, rows: 3, hidden: 5).operations == 2 * 3 * (4 * 5) * 5)
  }

  @Test(arguments: [1, 2])
  func everyShapeIsMeasuredEvenInNoTime(threads: Int) {
    let shapes = ProductShape.all(rows: [1, 3], hidden: [36, 64], chunkRows: 4)
    let measured = ProductMeasurement.measure(shapes, team: ThreadTeam(threads: threads), seconds: 0)
    #expect(measured.products.map(\.shape) == shapes)
    #expect(
      measured.products.flatMap { [$0.whole, $0.fromMemory, $0.arithmetic] }
        .allSatisfy { $0.operationsPerSecond > 0 && $0.peakShare > 0 })
    #expect(measured.sustainedPeak > 0)
  }

  private static func product(arithmetic: Double, whole: Double) -> ProductMeasurement {
    func speed(_ share: Double) -> ProductMeasurement.Speed { .init(operationsPerSecond: 1, peakShare: share) }
    return ProductMeasurement(
      ProductShape(.forward, rows: 8, hidden: 16), whole: speed(whole), fromMemory: speed(0.5),
      arithmetic: speed(arithmetic))
  }

  @Test func aProductThatReachesTheShareHasNoLimitHoweverSlowFromMemory() {
    let fast = Self.product(arithmetic: 0.7, whole: 0.9)
    #expect(fast.limit(below: 0.85, among: [fast]) == nil)
  }

  @Test func theLimitOfASlowProductIsTheLargerOfItsLosses() {
    let fast = Self.product(arithmetic: 0.95, whole: 0.9)
    for (arithmetic, whole) in [(0.95, 0.8), (0.8, 0.3)] {
      #expect(Self.product(arithmetic: arithmetic, whole: whole).limit(below: 0.85, among: [fast]) == .cache)
    }
    let slow = Self.product(arithmetic: 0.7, whole: 0.68)
    #expect(slow.limit(below: 0.85, among: [slow, fast]) == .rows)
    #expect(slow.limit(below: 0.85, among: [slow]) == .block)
  }
}
