import Foundation

extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, as nested arrays are written, with aligned columns.
  ///
  /// At most six significant digits are shown, and of an axis longer than ten only the first and the last three places.
  public var description: String {
    let strides = shape.strides
    var shown = [0]
    for (size, stride) in zip(shape.dimensions, strides) {
      shown = shown.flatMap { start in Self.shownIndices(size).compactMap { $0.map { start + $0 * stride } } }
    }
    let numbers = forHost().withScalars { scalars in shown.map { Double(scalars[$0]) } }
    var cells = NumberFormat(for: numbers).aligned(numbers)[...]
    return nested(axis: 0, &cells)
  }

  /// The indices that are printed of an axis; nil stands for those left out.
  private static func shownIndices(_ size: Int) -> [Int?] {
    size <= 10 ? Array(0..<size) : [0, 1, 2, nil, size - 3, size - 2, size - 1]
  }

  private func nested(axis: Int, _ cells: inout ArraySlice<String>) -> String {
    if axis == rank { return cells.removeFirst() }
    let parts = Self.shownIndices(shape.dimensions[axis]).map { index in
      index == nil ? "…" : nested(axis: axis + 1, &cells)
    }
    let inner = rank - axis - 1
    let separator =
      inner == 0 ? ", " : "," + String(repeating: "\n", count: inner) + String(repeating: " ", count: axis + 1)
    return "[" + parts.joined(separator: separator) + "]"
  }
}

/// One way of writing numbers that suits all of them: the fewest digits that lose nothing of six significant ones.
private struct NumberFormat {
  private let usesExponent: Bool
  private let digits: Int

  init(for numbers: [Double]) {
    let sizes = numbers.filter { $0.isFinite && $0 != 0 }.map(abs)
    let (smallest, largest) = (sizes.min() ?? 1, sizes.max() ?? 1)
    let usesExponent = largest >= 1e6 || smallest < 1e-4
    let whole = largest < 1 ? 1 : Int(log10(largest)) + 1
    let most = usesExponent ? 5 : Swift.max(1, 6 - whole)
    self.usesExponent = usesExponent
    digits =
      (1..<most).first { digits in
        sizes.allSatisfy {
          Self.text($0, digits, usesExponent: usesExponent).value
            == Self.text($0, most, usesExponent: usesExponent).value
        }
      } ?? most
  }

  func aligned(_ numbers: [Double]) -> [String] {
    let texts = numbers.map { Self.text($0, digits, usesExponent: usesExponent) }
    let width = texts.map(\.count).max() ?? 0
    return texts.map { String(repeating: " ", count: width - $0.count) + $0 }
  }

  private static func text(_ number: Double, _ digits: Int, usesExponent: Bool) -> String {
    number.isFinite ? String(format: usesExponent ? "%.\(digits)e" : "%.\(digits)f", number) : "\(number)"
  }
}

extension String {
  fileprivate var value: Double? { Double(self) }
}
