import TensorCore
import Testing

struct MatrixViewTests {
  @Test func partsOfAViewWriteToTheirRectangleAndNowhereElse() {
    for (rows, columns) in [(0..<3, 0..<4), (1..<2, 1..<3), (2..<5, 3..<6), (0..<5, 5..<6), (1..<1, 0..<6)] {
      var tensor = Tensor<Float>.zeros([5, 6])
      tensor.mutableMatrix().rows(rows).columns(columns).fill(1)
      #expect(tensor == .build([5, 6]) { rows.contains($0[0]) && columns.contains($0[1]) ? 1 : 0 })
    }
  }

  @Test func copyingAddingAndFillingRowsBetweenRectangles() {
    let source = Tensor<Double>.sample([4, 7], seed: 1)
    let part = source.slice(axis: 1, 2..<5)
    var target = Tensor<Double>.zeros([4, 3])
    target.mutableMatrix().copy(from: source.matrix().columns(2..<5))
    #expect(target == part)
    target.mutableMatrix().add(source.matrix().columns(2..<5))
    #expect(target == part + part)
    target.mutableMatrix().add(part.matrix())
    #expect(target == part + part + part)
    withExtendedLifetime((source, part)) {}
  }

  @Test func aProductIsWrittenToARectangleOrAddedToWhatIsThere() {
    let (a, b) = (Tensor<Float>.sample([6, 5], seed: 2), Tensor<Float>.sample([5, 4], seed: 3))
    let packed = PackedMatrix(b)
    let expected = a.matmul(b)
    var target = Tensor<Float>.ones([8, 9])
    target.mutableMatrix().rows(1..<7).columns(3..<7).setProduct(a.matrix(), packed)
    #expect(target.rows(1..<7).slice(axis: 1, 3..<7) == expected)
    #expect(target.sum().scalar - expected.sum().scalar - 48 < 1e-4)
    target.mutableMatrix().rows(1..<7).columns(3..<7).setProduct(a.matrix(), packed, onto: .target)
    #expect(target.rows(1..<7).slice(axis: 1, 3..<7).distance(to: expected * 2) <= Float.tolerance)
    let transposed = a.transposed()
    target.mutableMatrix().rows(1..<7).columns(3..<7).setProduct(transposed.matrix(), transposed: true, packed)
    #expect(target.rows(1..<7).slice(axis: 1, 3..<7) == expected)
    withExtendedLifetime((a, transposed)) {}
  }

  /// A product on top of a row or of rows of a table is the product added to those rows.
  @Test func aProductOnTopOfRowsIsTheProductAddedToThem() {
    let (a, b) = (Tensor<Float>.sample([3, 5], seed: 7), Tensor<Float>.sample([5, 4], seed: 8))
    let table = Tensor<Float>.sample([6, 9], seed: 9)
    let (rows, ids) = (table.matrix().columns(2..<6), [Int32]([5, 1, 5, 0]))
    let starts: [(start: ProductStart<Float>, indices: [Int32])] = [
      (.everyRow(rows.rows(2..<3)), [2, 2, 2]), (.rows(ids[1...], of: rows), [1, 5, 0]),
    ]
    for (start, indices) in starts {
      var (direct, added) = (Tensor<Float>.zeros([3, 4]), Tensor<Float>.zeros([3, 4]))
      direct.mutableMatrix().setProduct(a.matrix(), PackedMatrix(b), onto: start)
      added.mutableMatrix().gatherRows(indices[...], of: rows)
      added.mutableMatrix().setProduct(a.matrix(), PackedMatrix(b), onto: .target)
      #expect(direct == added)
    }
    withExtendedLifetime((a, table)) {}
  }

  @Test func aRectangleIsTransposedAndARowAddedToEveryRow() {
    let source = Tensor<Float>.sample([7, 9], seed: 11)
    var target = Tensor<Float>.zeros([4, 7])
    target.mutableMatrix().setTransposed(source.matrix().columns(2..<6))
    #expect(target == source.slice(axis: 1, 2..<6).transposed())
    let row = Tensor<Float>.sample([1, 7], seed: 12)
    let expected = target + row
    target.mutableMatrix().addToEveryRow(row.matrix())
    #expect(target == expected)
    withExtendedLifetime((source, row)) {}
  }

  @Test func rowsAreGatheredAndScatteredBetweenRectangles() {
    let table = Tensor<Float>.sample([5, 6], seed: 4)
    let indices: [Int32] = [9, 3, 0, 3]
    var gathered = Tensor<Float>.zeros([3, 4])
    gathered.mutableMatrix().columns(1..<3).gatherRows(indices[1...], of: table.matrix().columns(4..<6))
    #expect(gathered.slice(axis: 1, 1..<3) == table.slice(axis: 1, 4..<6).gatherRows([3, 0, 3]))
    #expect(gathered.slice(axis: 1, 0..<1) == .zeros([3, 1]) && gathered.slice(axis: 1, 3..<4) == .zeros([3, 1]))

    var sums = Tensor<Float>.zeros([5, 6])
    sums.mutableMatrix().columns(2..<6).scatterAddRows(indices[1...], gathered.matrix())
    var expected = Tensor<Float>.zeros([5, 4])
    expected.scatterAddRows([3, 0, 3], gathered)
    #expect(sums == .concatenate([.zeros([5, 2]), expected], axis: 1))
    withExtendedLifetime((table, gathered)) {}
  }

  @Test func columnSumsOfARectangleAreAddedToARow() {
    let matrix = Tensor<Double>.sample([6, 9], seed: 5)
    var sums = Tensor<Double>.ones([4])
    sums.mutableMatrix().addColumnSums(of: matrix.matrix().columns(3..<7))
    #expect(sums.distance(to: matrix.slice(axis: 1, 3..<7).sum(axis: 0) + 1) <= Double.tolerance)
    withExtendedLifetime(matrix) {}
  }
}
