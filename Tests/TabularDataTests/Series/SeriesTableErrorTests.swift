import Foundation
import TabularData
import TensorCore
import Testing

/// Every fault of a table of series, by its message.
@Suite struct SeriesTableErrorTests {
  private func message(
    _ text: String, values: [String] = ["v"], series: String? = nil, step: SeriesStep? = nil,
    gaps: SeriesData.GapMeaning = .fault
  ) throws -> String? {
    let table = try CSVTable(text: text, name: "f.csv")
    return #expect(throws: CSVError.self) {
      try SeriesData(table, time: "t", values: values, series: series, step: step, gaps: gaps)
    }?.description
  }

  @Test func aColumnThatIsNotThereIsRefused() throws {
    #expect(try message("t,w\n1,2") == "f.csv: there is no column \"v\"; there are \"t\", \"w\"")
  }

  @Test func aColumnInTwoRolesIsRefused() throws {
    let text = "f.csv: line 1: column \"t\" is asked for in two roles; name another column"
    #expect(try message("t,v\n1,2", values: ["v", "t"]) == text)
    #expect(try message("t,v\n1,2", series: "t") == text)
  }

  @Test func aMissingTimeOrNameIsRefused() throws {
    let advice = "the value is missing; fill it in, or remove the row"
    #expect(try message("t,v\n1,2\n,3") == "f.csv: line 3, column 1 \"t\": \(advice)")
    #expect(try message("t,v,s\n1,2,a\n1,3,\n", series: "s") == "f.csv: line 3, column 3 \"s\": \(advice)")
  }

  @Test func aFieldThatIsNoNumberIsRefused() throws {
    let advice = "is not a finite number; correct it, or list it among the words for missing values"
    #expect(try message("t,v\n1,2\n2,NA\n") == "f.csv: line 3, column 2 \"v\": \"NA\" \(advice)")
    #expect(try message("t,v\n1,2\n2,inf\n") == "f.csv: line 3, column 2 \"v\": \"inf\" \(advice)")
    #expect(
      try message("t,v\n1,1e400\n")
        == "f.csv: line 2, column 2 \"v\": \"1e400\" is too large for Double; correct it, or scale the column")
  }

  @Test(arguments: [
    "x", "2024-02-30", "0000-01-01", "1582-10-14", "1582-10-15T00:00+01:00", "2024-1-5", "2024-01-31T25:00",
    "2024-01-31T12",
    "2024-01-31T12:30:60", "2024-01-31T12:30:00.",
    "2024-01-31T12:30+2", "2024-01-31T12:30+24:00", "2024-01-31T12:30ZZ", "2024-01-31Z", "nan", "31.01.2024",
    "2024-01-31t12:30",
  ])
  func aTimeThatIsNoneIsRefused(text: String) throws {
    #expect(
      try message("t,v\n\(text),2\n")
        == "f.csv: line 2, column 1 \"t\": \"\(text)\" is not a time; write a number, or a date such as 2024-01-31, "
        + "2024-01-31T12:30 or 2024-01-31T12:30:00Z")
  }

  @Test func aTimeOfAnotherKindIsRefused() throws {
    let advice = "is of another kind than the first; write all as numbers, or all as dates"
    #expect(
      try message("t,v\n1,2\n2024-01-31,2\n") == "f.csv: line 3, column 1 \"t\": the time \"2024-01-31\" \(advice)")
    #expect(try message("t,v\n2024-01-31,2\n2,2\n") == "f.csv: line 3, column 1 \"t\": the time \"2\" \(advice)")
  }

  @Test func datesWithoutHyphensAreRefusedAndOtherNumbersOfEightDigitsAreNot() throws {
    let rows = "20240130,1\n20240131,1\n20240201,1\n"
    #expect(
      try message("t,v\n" + rows, gaps: .missing)
        == "f.csv: line 2, column 1 \"t\": \"20240130\" and all other times could be dates or numbers; write dates such as "
        + "2024-01-31, 2024-01-31T12:30 or 2024-01-31T12:30:00Z, or numbers with a point, such as 20240130.0")
    for number in ["20240230", "20240201.0"] {
      let table = try CSVTable(text: "t,v\n" + rows.replacingOccurrences(of: "20240201", with: number))
      let series = try SeriesData(table, time: "t", values: ["v"], step: .fixed(1), gaps: .missing).series[0]
      #expect(series.times.last == Double(number))
    }
  }

  @Test func aTimeThatIsNotLaterIsRefusedWithTheSeries() throws {
    #expect(
      try message("t,v\n1,1\n2,1\n2,1\n")
        == "f.csv: line 4, column 1 \"t\": the time \"2\" is not later than \"2\", the one before it; "
        + "sort the rows, or remove one of the two")
    #expect(
      try message("t,v,s\n2024-01-02,1,a\n2024-01-01,1,b\n2024-01-01,1,a\n", series: "s")
        == "f.csv: line 4, column 1 \"t\": the time \"2024-01-01\" is not later than \"2024-01-02\", the one before it "
        + "in series \"a\"; sort the rows, or remove one of the two")
  }

  @Test func aTimeOffTheGridIsRefused() throws {
    #expect(
      try message("t,v\n0,1\n2,1\n4,1\n7,1\n", gaps: .missing)
        == "f.csv: line 5, column 1 \"t\": the time \"7\" is no whole number of steps of 2 after \"4\"; correct it, "
        + "or give another step")
    #expect(
      try message("t,v\n2024-01-01,1\n2024-01-02,1\n2024-01-02T05:00,1\n", step: .days(1))
        == "f.csv: line 4, column 1 \"t\": the time \"2024-01-02T05:00:00Z\" is no whole number of steps of 1 day after "
        + "\"2024-01-02\"; correct it, or give another step")
  }

  @Test(arguments: [
    ["2024-01-30", "2024-02-29", "2024-03-31"], ["2024-01-30", "2024-02-28"],
    ["2024-01-31", "2024-02-29", "2024-03-30"],
    ["2024-01-15", "2024-02-15", "2024-03-20"],
  ])
  func aDayOffTheMonthlyGridIsRefusedWhereItStands(dates: [String]) throws {
    #expect(
      try message("t,v\n" + dates.map { $0 + ",1\n" }.joined(), step: .months(1))
        == "f.csv: line \(dates.count + 1), column 1 \"t\": the time \"\(dates.last!)\" is no whole number of steps of 1 month "
        + "after \"\(dates[dates.count - 2])\"; correct it, or give another step")
  }

  @Test func aGapIsRefusedWhereItIsAFault() throws {
    #expect(
      try message("t,v\n0,1\n1,1\n4,1\n")
        == "f.csv: line 4, column 1 \"t\": 2 steps of 1 are missing before the row; add the rows, or let gaps be missing "
        + "values")
    #expect(
      try message("t,v\n2024-01-01,1\n2024-02-01,1\n2024-04-01,1\n")
        == "f.csv: line 4, column 1 \"t\": 1 step of 1 month is missing before the row; add the rows, or let gaps be "
        + "missing values")
  }

  @Test func aGapThatWouldTakeAllMemoryIsRefused() throws {
    #expect(
      try message("t,v\n0,1\n1,1\n1e15,1\n", gaps: .missing)
        == "f.csv: line 4, column 1 \"t\": with the steps of 1 that are missing before the row, far more would be missing "
        + "than there are; correct the time, or give a longer step")
    for far in ["1.7e308", "1030"] {
      #expect(
        try message("t,v\n-1e300,1\n0,1\n\(far),1\n", step: .fixed(1), gaps: .missing)?.contains("far more") == true)
    }
    let table = try CSVTable(text: "t,v\n0,1\n1,1\n1020,1\n")
    #expect(try SeriesData(table, time: "t", values: ["v"], gaps: .missing).series[0].times.count == 1021)
  }

  /// Ten missing steps for each of six rows and a thousand are allowed; the first series has 898 of them.
  @Test func gapsThatWouldTakeAllMemoryTogetherAreRefused() throws {
    let text = "t,v,s\n0,1,a\n1,1,a\n900,1,a\n0,1,b\n1,1,b\n"
    let table = try CSVTable(text: text + "164,1,b\n")
    let series = try SeriesData(table, time: "t", values: ["v"], series: "s", gaps: .missing).series
    #expect(series.map(\.times.count) == [901, 165])
    #expect(
      try message(text + "165,1,b\n", series: "s", gaps: .missing)
        == "f.csv: line 7, column 1 \"t\": with the steps of 1 that are missing before the row, far more would be missing "
        + "than there are; correct the time, or give a longer step")
  }

  @Test func aStepThatIsNotKnownIsAskedFor() throws {
    #expect(
      try message("t,v,s\n1,2,a\n1,2,b\n", series: "s")
        == "f.csv: no series has two rows, so that the step between them is not known; add rows, or give the step")
    #expect(
      try message("t,v\n1,2\n2,2\n", step: .months(1))
        == "f.csv: line 2, column 1 \"t\": the step is in months, and the times are numbers; give the step as a number")
  }
}
