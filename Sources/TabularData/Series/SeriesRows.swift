import TensorCore

/// Rows of a table by series, in the order of the file.
struct SeriesRows {
  /// The name of the series; nil where the file holds a single one.
  let name: String?
  var times: [Double] = []
  /// The numbers of values and covariates, row by row; NaN where one is missing.
  var numbers: [Double] = []
  /// The offsets of the times in the file, for errors.
  var offsets: [Int] = []
}

/// Columns of a table of series.
struct SeriesColumns {
  let time: String
  let series: String?
  /// Values, then covariates.
  let numbers: [String]

  /// Reads the rows of each series, in the order in which series begin.
  ///
  /// - Parameter missing: words that stand for a missing value, beside an empty field.
  func rows(of table: CSVTable, missing: [String]) throws(CSVError) -> (series: [SeriesRows], clock: SeriesClock) {
    let indices = try indices(in: table)
    let words = Set(missing.map { Array($0.utf8)[...] })
    let named = series == nil ? 1 : 2
    var (all, clock, areCompactDates) = ([SeriesRows](), SeriesClock?.none, true)
    var places: [ArraySlice<UInt8>: Int] = [:]
    // One row, whose fields come in the order of the file.
    var (time, offset, key, read) = (0.0, 0, ArraySlice<UInt8>(), 0)
    var numbers = [Double](repeating: 0, count: self.numbers.count)
    try table.forEachField(of: indices) { reader, field, position throws(CSVError) in
      let role = position % indices.count
      do throws(CSVError.Problem) {
        if role == 0 {
          let found = try SeriesClock.read(reader.bytes, field.range)
          if let clock, clock != found.clock { throw .otherKindOfTime(reader.text(of: field)) }
          (time, clock, offset) = (found.time, found.clock, field.start)
          areCompactDates = areCompactDates && SeriesClock.isCompactDate(reader.bytes, field.range)
        } else if role < named {
          if reader.isBlank(field) { throw .missingValue }
          key = reader.value(of: field)
        } else {
          numbers[role - named] = try number(reader.bytes, field.range, missing: words)
        }
      } catch {
        throw reader.error(error, at: field.start, column: indices[role])
      }
      read += 1
      guard read == indices.count else { return }
      read = 0
      let place = places[key] ?? all.count
      if place == all.count {
        places[key] = place
        all.append(SeriesRows(name: series.map { _ in String(decoding: key, as: UTF8.self) }))
      }
      all[place].times.append(time)
      all[place].numbers += numbers
      all[place].offsets.append(offset)
    }
    if areCompactDates {
      let text = SeriesClock.numbers.text(all[0].times[0])
      throw table.firstRow.error(.compactDates(text), at: all[0].offsets[0], column: indices[0])
    }
    return (all, clock!)
  }

  /// The index of each column: the time, the series where there is one, the numbers.
  private func indices(in table: CSVTable) throws(CSVError) -> [Int] {
    var indices: [Int] = []
    for name in [time] + (series.map { [$0] } ?? []) + numbers {
      let index = try table.index(of: name)
      if indices.contains(index) {
        throw table.firstRow.error(.columnInTwoRoles(name), at: 0)
      }
      indices.append(index)
    }
    return indices
  }

  private func number(
    _ bytes: [UInt8], _ field: Range<Int>, missing: Set<ArraySlice<UInt8>>
  ) throws(CSVError.Problem) -> Double {
    let range = trimmed(bytes, field)
    if range.isEmpty || missing.contains(bytes[range]) { return .nan }
    do throws(CSVError.Problem) { return try decimalNumber(in: bytes, range) } catch {
      if case .tooLarge = error { throw error }
      throw .notAValue(String(decoding: bytes[range], as: UTF8.self))
    }
  }
}
