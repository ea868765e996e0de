import TabularData
import TensorCore
import Testing

/// Every way in which series cannot be split, scaled or cut, by its message.
@Suite struct SeriesErrorTests {
  private func cut(
    _ text: String, lag: Int = 2, horizon: Int = 1, split: SeriesSplit = .fractions(validation: 0, test: 0.4),
    scaling: SeriesScaling = .ofVariables
  ) throws -> WindowedSeries<Float> {
    let data = try SeriesData(
      CSVTable(text: text), time: "t", values: ["v"], series: text.hasPrefix("t,v,s") ? "s" : nil, gaps: .missing)
    return try WindowedSeries(data, window: ForecastWindow(lag: lag, horizon: horizon), split: split, scaling: scaling)
  }

  private let five = "t,v\n1,1\n2,2\n3,3\n4,4\n5,5\n"

  @Test func aSplitThatIsNoneIsRefused() throws {
    func message(_ split: SeriesSplit) -> String? {
      #expect(throws: SeriesError.self) { try cut(five, split: split) }?.description
    }
    for (validation, test) in [(0.5, 0.5), (-0.1, 0.5), (0.1, .nan)] {
      #expect(
        message(.fractions(validation: validation, test: test))
          == "shares of \(validation) for validation and \(test) for test leave nothing to train on; choose shares from 0 "
          + "with a sum below 1")
    }
    #expect(
      message(.times(validation: nil, test: "2024-01-01"))
        == "the split at \"2024-01-01\" is no number, as the times of the table are; write it as they are")
    #expect(
      message(.times(validation: "4", test: "4"))
        == "validation from \"4\" on is not before the test from \"4\" on; exchange them")
  }

  @Test func aPartWithoutAWindowIsRefused() throws {
    let windows = try cut(five, lag: 2, horizon: 2)
    func message(_ part: SeriesPart) -> String? {
      #expect(throws: SeriesError.self) { try windows.part(part) }?.description
    }
    let advice = "choose a shorter lag or horizon, or a larger part"
    #expect(
      message(.training)
        == "the training part has no window with a known target: one reads 2 steps, and the 2 steps after them are in the "
        + "part; \(advice)")
    #expect(message(.validation)?.hasPrefix("the validation part has no window") == true)
    #expect(try windows.part(.test).count == 1)
    let long = try cut(five, lag: 6)
    let error = #expect(throws: SeriesError.self) { try long.forecast { _ in [] } }
    #expect(error?.description == "no series has 6 steps to forecast from; choose a shorter lag, or add rows")
  }

  @Test func nothingKnownBeforeTheSplitIsRefused() throws {
    let error = #expect(throws: SeriesError.self) { try cut("t,v\n1,\n2,\n3,\n4,4\n5,5\n") }
    #expect(
      error?.description
        == "column \"v\" has no known number before the split; split later, or leave the column out")
    let text = "t,v,s\n1,1,a\n2,2,a\n3,3,a\n4,4,a\n5,5,a\n4,4,b\n5,5,b\n"
    let split = SeriesSplit.times(validation: nil, test: "4")
    #expect(throws: Never.self) { try cut(text, split: split) }
    let one = #expect(throws: SeriesError.self) { try cut(text, split: split, scaling: .ofEachSeries) }
    #expect(
      one?.description
        == "column \"v\" has no known number before the split in series \"b\"; split later, or leave the series out")
  }

  @Test func numbersTooLargeAreRefused() throws {
    let large = #expect(throws: SeriesError.self) { try cut("t,v\n1,1\n2,2\n3,3\n4,1e200\n5,5\n") }
    #expect(throws: SeriesError.self) { try cut("t,v\n1,2e38\n2,2\n3,-2e38\n4,4\n5,5\n", scaling: .none) }
    #expect(
      large?.description == "column \"v\" at \"4\" is too large for Float; correct it, or scale the column")
    let rows = (1...20).map { "\($0),\($0 > 5 ? "-" : "")\(Double.greatestFiniteMagnitude)\n" }.joined()
    let moments = #expect(throws: SeriesError.self) {
      try cut("t,v\n" + rows, split: .times(validation: nil, test: "11"))
    }
    #expect(
      moments?.description == "the numbers of column \"v\" are too large for a mean and a deviation; scale the column")
  }
}
