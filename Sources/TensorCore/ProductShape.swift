/// The shape of a matrix product that an LSTM layer of `hidden` units needs.
package struct ProductShape: Sendable, Equatable {
  package enum Use: String, Sendable, CaseIterable {
    /// A step of the forward pass, h·W_hhᵀ: [rows, H] by [H, 4H].
    case forward
    /// A step of the backward pass, ∂L/∂gates·W_hh: [rows, 4H] by [4H, H].
    case backward
    /// The gradient of W_hh over a chunk of steps, ∂L/∂gatesᵀ·h: [4H, rows] by [rows, H].
    case weights
  }

  package let use: Use
  /// Rows of the batch in a step; of all steps of the chunk in a weight gradient.
  package let rows: Int
  package let hidden: Int

  package init(_ use: Use, rows: Int, hidden: Int) { (self.use, self.rows, self.hidden) = (use, rows, hidden) }

  /// Rows of the result.
  package var m: Int { use == .weights ? 4 * hidden : rows }
  /// Columns of the result.
  package var n: Int { use == .forward ? 4 * hidden : hidden }
  /// Depth of the sum.
  package var k: Int {
    switch use {
    case .forward: hidden
    case .backward: 4 * hidden
    case .weights: rows
    }
  }

  /// Multiplications and additions: 2mnk.
  package var operations: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// Every use at some sizes; products with the same right-hand side stand together.
  ///
  /// - Parameter chunkRows: rows of a chunk of steps, over which weight gradients are summed.
  package static func all(rows: [Int], hidden: [Int], chunkRows: Int) -> [ProductShape] {
    Use.allCases.flatMap { use in
      hidden.flatMap { hidden in
        (use == .weights ? [chunkRows] : rows).map { ProductShape(use, rows: $0, hidden: hidden) }
      }
    }
  }
}
