import TabularData
import TensorCore
import Testing

@Suite struct SeriesReadingTests {
  /// The numbers of a column of values, with nil for a missing one.
  private func known(_ series: TimeSeries, _ column: Int = 0) -> [Double?] {
    series.values.slice(axis: 1, column..<column + 1).scalars.map { $0.isNaN ? nil : $0 }
  }

  private func read(_ text: String, gaps: SeriesData.GapMeaning = .missing, step: SeriesStep? = nil) throws
    -> SeriesData
  {
    try SeriesData(CSVTable(text: text), time: "t", values: ["v"], missing: ["NA", "-"], step: step, gaps: gaps)
  }

  /// Times in seconds of dates in one column.
  private func times(_ dates: [String], step: SeriesStep? = nil) throws -> [Double] {
    try read("t,v\n" + dates.map { $0 + ",1\n" }.joined(), step: step).series[0].times
  }

  @Test func rowsOfOneSeriesStandInAnyInterleaving() throws {
    let rows = ["1,a,10", "2,a,11", "3,a,12", "7,b,20", "8,b,21"]
    for order in [[0, 1, 2, 3, 4], [3, 0, 1, 4, 2], [3, 4, 0, 1, 2]] {
      let table = try CSVTable(text: "t,name,v\n" + order.map { rows[$0] + "\n" }.joined())
      let data = try SeriesData(table, time: "t", values: ["v"], series: "name")
      #expect(data.series.map(\.name) == (order[0] == 0 ? ["a", "b"] : ["b", "a"]))
      let a = try #require(data.series.first { $0.name == "a" })
      let b = try #require(data.series.first { $0.name == "b" })
      #expect(a.times == [1, 2, 3] && known(a) == [10, 11, 12])
      #expect(b.times == [7, 8] && known(b) == [20, 21])
    }
  }

  @Test func columnsComeInTheOrderTheyAreAskedForWhateverTheirPlace() throws {
    let table = try CSVTable(text: "c,x,b,t,a\n1,?,2,0,3\n4,?,5,1,6\n")
    let data = try SeriesData(table, time: "t", values: ["a", "b"], covariates: ["c"])
    #expect(data.series[0].name == nil)
    #expect(data.series[0].values == Tensor([3, 2, 6, 5], shape: [2, 2]))
    #expect(data.series[0].covariates == Tensor([1, 4], shape: [2, 1]))
  }

  @Test func emptyFieldsAndListedWordsAreMissing() throws {
    let data = try read("t,v\n1,NA\n2, 5\n3,\n4,\" - \"\n5,\" \"\n6,7\n")
    #expect(known(data.series[0]) == [nil, 5, nil, nil, nil, 7])
  }

  @Test func knownStepsEndWithTheLastKnownValue() throws {
    let table = try CSVTable(text: "t,v,w,c\n1,,,1\n2,5,,1\n3,,6,1\n4,,,1\n5,,,1\n")
    #expect(try SeriesData(table, time: "t", values: ["v", "w"], covariates: ["c"]).series[0].knownSteps == 3)
    #expect(try SeriesData(table, time: "t", values: ["v"], covariates: ["c"]).series[0].knownSteps == 2)
  }

  @Test func aGapIsRowsOfMissingValuesAtTheirTimes() throws {
    let data = try read("t,v\n10,1\n12,2\n14,3\n20,4\n22,5\n")
    #expect(data.step == .fixed(2))
    #expect(known(data.series[0]) == [1, 2, 3, nil, nil, 4, 5])
    #expect(data.series[0].times == [10, 12, 14, 16, 18, 20, 22])
  }

  /// The most common difference over all series; of equally common ones, the shortest.
  @Test func theStepIsTheMostCommonDifference() throws {
    #expect(try read("t,v\n0,1\n6,1\n9,1\n12,1\n").step == .fixed(3))
    #expect(try read("t,v\n0,1\n4,1\n6,1\n").step == .fixed(2))
    #expect(try read("t,v\n0,1\n4,1\n6,1\n", step: .fixed(1)).series[0].times.count == 7)
    let table = try CSVTable(text: "t,s,v\n0,a,1\n4,a,1\n10,b,1\n12,b,1\n14,b,1\n")
    let data = try SeriesData(table, time: "t", values: ["v"], series: "s", gaps: .missing)
    #expect(data.step == .fixed(2) && data.series.map(\.times.count) == [3, 3])
  }

  @Test func roundedAndJitteringTimesAreOnTheGrid() throws {
    let tenths = (0...200).filter { $0 % 7 != 3 }.map { "\(Double($0) * 0.1),1\n" }.joined()
    #expect(try read("t,v\n" + tenths).series[0].times.count == 201)
    let clock = try read("t,v\n0,1\n1.002,1\n1.999,1\n4.001,1\n5,1\n", step: .fixed(1))
    #expect(clock.series[0].times.count == 6)
  }

  @Test func datesAreReadInEveryFormThatIsListed() throws {
    let noon = 1_706_704_200.0
    for text in [
      "2024-01-31T12:30", "2024-01-31 12:30", "2024-01-31T12:30:00", "2024-01-31T12:30:00Z", "2024-01-31 12:30Z",
      "2024-01-31T14:30:00+02:00", "2024-01-31T07:00-05:30", "2024-01-31T12:30:00.000",
    ] {
      #expect(try times([text, "2024-01-31T13:30Z"]) == [noon, noon + 3600], "\(text)")
    }
    #expect(try times(["2024-01-31T12:30:00.250", "2024-01-31T12:30:00.750Z"])[0] == noon + 0.25)
    #expect(try times(["1969-12-31", "1970-01-01", "1970-01-02"]) == [-86400, 0, 86400])
  }

  @Test func datesOfOneDayOfTheMonthAreMonthsApart() throws {
    let monthly = try read("t,v\n1949-01-01,1\n1949-02-01,2\n1949-03-01,3\n1949-06-01,4\n")
    #expect(monthly.step == .months(1) && known(monthly.series[0]) == [1, 2, 3, nil, nil, 4])
    #expect(monthly.series[0].times == (try times((1...6).map { "1949-0\($0)-01" })))
    let yearly = try read("t,v\n1999-07-01,1\n2000-07-01,2\n2001-07-01,3\n")
    #expect(yearly.step == .months(12))
    let ends = try read("t,v\n2023-11-30,1\n2023-12-31,2\n2024-01-31,3\n2024-03-31,4\n")
    #expect(ends.step == .months(1))
    #expect(
      ends.series[0].times == (try times(["2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"])))
    let thirtieth = try read("t,v\n2024-01-30,1\n2024-02-29,2\n2024-03-30,3\n2024-05-30,4\n2024-06-30,5\n")
    #expect(thirtieth.step == .months(1) && known(thirtieth.series[0]) == [1, 2, 3, nil, 4, 5])
    #expect(try read("t,v\n2024-01-01,1\n2024-01-08,2\n2024-01-15,1\n").step == .days(7))
  }
}
