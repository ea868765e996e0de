import TensorCore

extension CSVTable {
  /// The values of a column as text, without the quotes around them. A value may be empty.
  ///
  /// - Throws: `CSVError` when there is no such column.
  public func strings(of column: String) throws(CSVError) -> [String] {
    var strings: [String] = []
    strings.reserveCapacity(rowCount)
    try forEachField(of: [try index(of: column)]) { reader, field, _ in strings.append(reader.text(of: field)) }
    return strings
  }

  /// The numbers of some columns, [rows, columns], in the order of `columns`.
  ///
  /// A number is written in decimal digits, with or without a point, and may have a sign and an exponent: `-1.5e-3`.
  /// Spaces around it are ignored. It is rounded once, to the nearest number of the type; a tiny one may become 0.
  ///
  /// - Throws: `CSVError` when there is no such column, or a value is missing, not a number, not finite, or too large for
  ///   the type.
  public func tensor<Scalar: TensorScalar>(
    of columns: [String], as type: Scalar.Type = Float.self
  ) throws(CSVError) -> Tensor<Scalar> {
    var indices: [Int] = []
    for name in columns { indices.append(try index(of: name)) }
    return Tensor(try numbers(of: indices), shape: [rowCount, columns.count])
  }

  /// The classes in a column: its distinct values in the order of their UTF-8 bytes, and the class of each row.
  ///
  /// - Throws: `CSVError` when there is no such column or a value is missing (empty or only spaces).
  public func classes(of column: String) throws(CSVError) -> ClassLabels {
    var numbers: [ArraySlice<UInt8>: Int32] = [:]
    let found = try classNumbers(of: column) { value, _ in
      if let number = numbers[value] { return number }
      let number = Int32(numbers.count)
      numbers[value] = number
      return number
    }
    let values = numbers.keys.sorted { $0.lexicographicallyPrecedes($1) }
    var places = [Int32](repeating: 0, count: values.count)
    for (place, value) in values.enumerated() { places[Int(numbers[value]!)] = Int32(place) }
    return ClassLabels(
      names: values.map { String(decoding: $0, as: UTF8.self) }, indices: found.map { places[Int($0)] })
  }

  /// The classes in a column, numbered by their position in `names`: the classes of the file that a model was trained on.
  ///
  /// - Precondition: no two names have the same UTF-8 bytes.
  /// - Throws: `CSVError` when there is no such column, or a value is missing or not among the names.
  public func classes(of column: String, among names: [String]) throws(CSVError) -> ClassLabels {
    var numbers: [ArraySlice<UInt8>: Int32] = [:]
    for (number, name) in names.enumerated() {
      let earlier = numbers.updateValue(Int32(number), forKey: Array(name.utf8)[...])
      require(earlier == nil, "classes: the name \(name) stands twice in the list")
    }
    let indices = try classNumbers(of: column) { value, error throws(CSVError) in
      if let number = numbers[value] { return number }
      throw error(.unknownClass(String(decoding: value, as: UTF8.self), classes: names))
    }
    return ClassLabels(names: names, indices: indices)
  }

  /// The class number of each row: `number` applied to its value.
  private func classNumbers(
    of column: String,
    _ number: (ArraySlice<UInt8>, (CSVError.Problem) -> CSVError) throws(CSVError) -> Int32
  ) throws(CSVError) -> [Int32] {
    let column = try index(of: column)
    var indices: [Int32] = []
    indices.reserveCapacity(rowCount)
    try forEachField(of: [column]) { reader, field, _ throws(CSVError) in
      if reader.isBlank(field) { throw reader.error(.missingValue, at: field.start, column: column) }
      indices.append(
        try number(reader.value(of: field)) { reader.error($0, at: field.start, column: column) })
    }
    return indices
  }

  // Generic arithmetic would cost a hundred times as much.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private func numbers<Scalar: TensorScalar>(of columns: [Int]) throws(CSVError) -> [Scalar] {
    var numbers = [Scalar](repeating: 0, count: rowCount * columns.count)
    try forEachField(of: columns) { reader, field, position throws(CSVError) in
      do throws(CSVError.Problem) {
        numbers[position] = try decimalNumber(in: reader.bytes, field.range)
      } catch {
        throw reader.error(error, at: field.start, column: columns[position % columns.count])
      }
    }
    return numbers
  }

  /// Calls `body` with each field of some columns and its position in a table of those columns, row by row.
  @inline(__always)
  func forEachField(
    of columns: [Int], _ body: (CSVReader, CSVReader.Field, _ position: Int) throws(CSVError) -> Void
  ) throws(CSVError) {
    let wanted = columns.enumerated().map { (column: $1, position: $0) }.sorted { $0.column < $1.column }
    var reader = firstRow
    for row in 0..<rowCount {
      var next = 0
      for column in columnNames.indices {
        let field = try reader.next()
        while next < wanted.count, wanted[next].column == column {
          try body(reader, field, row * columns.count + wanted[next].position)
          next += 1
        }
      }
    }
  }

  func index(of column: String) throws(CSVError) -> Int {
    if let index = columnIndices[Array(column.utf8)[...]] { return index }
    throw CSVError(
      file: firstRow.file, line: nil, column: nil, problem: .unknownColumn(column, columns: columnNames))
  }
}
