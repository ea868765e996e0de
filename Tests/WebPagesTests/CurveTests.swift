import CharrnnTestSupport
import Testing
import WebPages

@Suite struct CurveTests {
  private func measurements(_ count: Int) -> [(step: Int, value: Double)] {
    var random = SplitMix(seed: count)
    return (0..<count).map { (step: 3 * $0, value: .random(in: -1...1, using: &random)) }
  }

  @Test func aShortCurveIsAsMeasured() {
    let measured = measurements(40)
    let curve = Curve(measured, atMost: 40)
    #expect(!curve.isThinned)
    #expect(curve.points.map(\.step) == measured.map(\.step) && curve.points.map(\.mean) == measured.map(\.value))
  }

  @Test func aLongCurveHasFewPointsAndAllExtremes() {
    let measured = measurements(1003)
    let curve = Curve(measured, atMost: 50)
    #expect(curve.isThinned && curve.points.count <= 50)
    #expect(curve.points.map(\.lowest).min() == measured.map(\.value).min())
    #expect(curve.points.map(\.highest).max() == measured.map(\.value).max())
    #expect(curve.points.last?.step == measured.last?.step)
  }

  @Test func theMeanOfABinIsThatOfItsValues() {
    let curve = Curve([(1, 1.0), (2, 3.0), (3, 5.0)], atMost: 2)
    #expect(curve.points.map(\.mean) == [2, 5] && curve.points.map(\.step) == [2, 3])
  }
}
