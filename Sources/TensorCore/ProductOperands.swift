/// The operands of a measured product and its result.
struct ProductOperands {
  private let left: SharedMatrix<Float>
  /// Whether the left-hand side is the transpose of `left`.
  private let isTransposed: Bool
  private let right: [PackedMatrix<Float>]
  private let result: OwnedMatrix<Float>
  /// Rows of a table that a forward step starts from, as a look-up of the input gives; nil for other products.
  private let start: (table: SharedMatrix<Float>, indices: [Int32])?
  private let accumulates: Bool
  private let operations: Double

  init(_ shape: ProductShape, right: [PackedMatrix<Float>], using random: inout RandomSource) {
    isTransposed = shape.use == .weights
    left = SharedMatrix(
      .uniform(isTransposed ? [shape.k, shape.m] : [shape.m, shape.k], in: -1..<1, using: &random))
    result = OwnedMatrix(.zeros([shape.m, shape.n]))
    accumulates = shape.use == .weights
    start =
      shape.use == .forward
      ? (SharedMatrix(.zeros([64, shape.n])), (0..<shape.m).map { Int32($0 * 29 % 64) }) : nil
    (self.right, operations) = (right, shape.operations)
  }

  /// One panel of the right-hand side and a block of its depth, for some rows of the left-hand side, which stands by
  /// columns: so the product reads it where it is. With panels of 32 columns they take 96 KiB at most: a smaller depth would fit
  /// the first-level cache, and measure the cost of a call more than the arithmetic.
  init(partOf shape: ProductShape, using random: inout RandomSource) {
    let (m, n, k) = (min(shape.m, 64), min(shape.n, PackedMatrix<Float>.panelWidth), min(shape.k, 256))
    isTransposed = true
    left = SharedMatrix(.uniform([k, m], in: -1..<1, using: &random))
    right = [PackedMatrix(.uniform([k, n], in: -1..<1, using: &random))]
    result = OwnedMatrix(.zeros([m, n]))
    (start, accumulates) = (nil, false)
    operations = 2 * Double(m) * Double(n) * Double(k)
  }

  /// - Parameter inTurn: takes another copy of the right-hand side in each call.
  func trial(team: ThreadTeam, inTurn: Bool) -> SpeedTrial {
    SpeedTrial(operations: operations, team: team) { thread, call in
      let rows = team.part(of: result.view.rows, for: thread)
      if rows.isEmpty { return }
      result.view.rows(rows).setProduct(
        isTransposed ? left.view.columns(rows) : left.view.rows(rows), transposed: isTransposed,
        right[inTurn ? call % right.count : 0], onto: productStart(rows))
    }
  }

  private func productStart(_ rows: Range<Int>) -> ProductStart<Float> {
    if let start { return .rows(start.indices[rows], of: start.table.view) }
    return accumulates ? .target : .nothing
  }
}
