import Foundation
import TensorCore

/// Time from one step of a series to the next.
public enum SeriesStep: Sendable, Equatable, CustomStringConvertible {
  /// A difference of the numbers in the time column, or seconds where these are dates.
  case fixed(Double)
  /// Calendar months: from a day and hour of one month to the same ones of another, or to the last day of a month without such
  /// a day. From January 30: February 29, March 30. A series of last days goes from last day to last day.
  case months(Int)

  public static func days(_ count: Double) -> SeriesStep { .fixed(86_400 * count) }
  public static func hours(_ count: Double) -> SeriesStep { .fixed(3_600 * count) }

  public var description: String {
    switch self {
    case .fixed(let length): Int(exactly: length).map { "\($0)" } ?? "\(length)"
    case .months(let count): counted(count, "month")
    }
  }

  var isPositive: Bool {
    switch self {
    case .fixed(let length): length > 0 && length.isFinite
    case .months(let count): count > 0
    }
  }

  /// The length with its unit, for messages.
  func text(_ clock: SeriesClock) -> String {
    guard clock == .dates, case .fixed(let length) = self else { return description }
    let units: [(name: String, seconds: Double)] = [("day", 86_400), ("hour", 3_600), ("minute", 60)]
    for unit in units {
      if let count = Int(exactly: length / unit.seconds), count > 0 { return counted(count, unit.name) }
    }
    return length == 1 ? "1 second" : "\(description) seconds"
  }

  /// The number of steps from one time to a later one; nil where it is no whole number. A fixed step may be off by a
  /// hundredth of itself: clocks jitter, and sums of 0.1 are rounded.
  ///
  /// - Parameter monthDay: the day on which steps of months fall.
  func count(from earlier: Double, to later: Double, monthDay: Int) -> Double? {
    switch self {
    case .fixed(let length):
      let steps = (later - earlier) / length
      let whole = steps.rounded()
      return whole >= 1 && abs(steps - whole) <= 0.01 ? whole : nil
    case .months(let length):
      let (start, end) = (MonthPlace(earlier), MonthPlace(later))
      let months = end.month - start.month
      let areOnGrid = start.seconds == end.seconds && start.days.contains(monthDay) && end.days.contains(monthDay)
      return areOnGrid && months > 0 && months % length == 0 ? Double(months / length) : nil
    }
  }

  /// The time some steps after another one.
  ///
  /// - Parameter monthDay: the day on which steps of months fall.
  func advance(_ time: Double, by count: Int, monthDay: Int) -> Double {
    switch self {
    case .fixed(let length): time + Double(count) * length
    case .months(let length): MonthPlace(time).time(months: count * length, day: monthDay)
    }
  }

  /// The day on which steps of months fall: that of the times, of which last days may stand for one that their month lacks.
  /// Thus 31 where all are last days. A time that fits none of the days before it has no influence.
  func monthDay(of times: [Double]) -> Int {
    guard case .months = self else { return 31 }
    let days = times.lazy.map { MonthPlace($0).days }
    return days.reduce(1...31) { $0.overlaps($1) ? $0.clamped(to: $1) : $0 }.upperBound
  }
}

extension SeriesStep {
  /// The step that most rows are apart from the one before them: the shortest of equally common ones.
  ///
  /// Differences within a hundredth of the shortest of them are one, and their median stands for them. Dates that are all of
  /// one day of the month, or of the last one where a month has no such day, are months apart.
  ///
  /// - Parameter times: those of each series, in increasing order.
  /// - Returns: Nil where no series has two rows.
  static func inferred(from times: [[Double]], clock: SeriesClock) -> SeriesStep? {
    if clock == .dates, let places = monthPlaces(times) {
      let months = places.flatMap { series in zip(series, series.dropFirst()).map { $1.month - $0.month } }
      return mostCommon(months.map(Double.init)).map { .months(Int($0)) }
    }
    return mostCommon(times.flatMap { series in zip(series, series.dropFirst()).map { $1 - $0 } }).map { .fixed($0) }
  }

  /// Places of all times in their months; nil where they are not all at one hour of one day.
  private static func monthPlaces(_ times: [[Double]]) -> [[MonthPlace]]? {
    guard let first = times.first?.first.map(MonthPlace.init) else { return nil }
    var (places, days) = ([[MonthPlace]](), first.days)
    for series in times {
      var found: [MonthPlace] = []
      for time in series {
        let place = MonthPlace(time)
        guard place.seconds == first.seconds, days.overlaps(place.days) else { return nil }
        days = days.clamped(to: place.days)
        found.append(place)
      }
      places.append(found)
    }
    return places
  }

  private static func mostCommon(_ differences: [Double]) -> Double? {
    let sorted = differences.sorted()
    var (best, start) = (0..<0, 0)
    for index in sorted.indices {
      if sorted[index] > sorted[start] * 1.01 { start = index }
      if index + 1 - start > best.count { best = start..<index + 1 }
    }
    return best.isEmpty ? nil : sorted[(best.lowerBound + best.upperBound - 1) / 2]
  }
}

/// Place of a time in the months of the calendar.
struct MonthPlace {
  /// Months since the start of the year 0.
  let month: Int
  /// Days of the month that it may stand for: its own, and after the last of a month those that the month lacks.
  let days: ClosedRange<Int>
  /// Seconds since midnight.
  let seconds: Double

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar
  }()

  init(_ time: Double) {
    let days = (time / 86_400).rounded(.down)
    seconds = time - days * 86_400
    let date = Date(timeIntervalSince1970: days * 86_400)
    let parts = Self.calendar.dateComponents([.year, .month, .day], from: date)
    month = parts.year! * 12 + parts.month! - 1
    let isLastDay = Self.calendar.component(.day, from: date + 86_400) == 1
    self.days = parts.day!...(isLastDay ? 31 : parts.day!)
  }

  /// The time some months later, at the same hour of a day, or of the last day of a month without such a day.
  func time(months: Int, day: Int) -> Double {
    func start(_ month: Int) -> Double {
      let parts = DateComponents(year: month / 12, month: month % 12 + 1, day: 1)
      // The calendar ends after half a million years.
      return Self.calendar.date(from: parts)?.timeIntervalSince1970 ?? .greatestFiniteMagnitude
    }
    let (first, next) = (start(month + months), start(month + months + 1))
    return min(first + Double(day - 1) * 86_400, next - 86_400) + seconds
  }
}
