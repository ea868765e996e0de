import TensorCore
import Testing

private let shapes = everyShape(rank: 3, sizes: [1, 2, 4]).filter { !$0.isEmpty } + [[5, 3, 2, 4], [0, 3], [3, 0]]

struct SlicingTests {
  @Test(arguments: shapes)
  func aSliceHoldsTheElementsOfItsRangeAlongEveryAxis(shape: [Int]) {
    let tensor = Tensor<Float>.sample(shape).displaced()
    let element = tensor.lookup
    for axis in shape.indices {
      for start in 0...shape[axis] {
        for end in start...shape[axis] {
          var part = shape
          part[axis] = end - start
          let expected = Tensor<Float>.build(part) {
            var index = $0
            index[axis] += start
            return element(index)
          }
          #expect(tensor.slice(axis: axis, start..<end) == expected)
          #expect(tensor.slice(axis: axis - shape.count, start..<end) == expected)
        }
      }
    }
  }

  @Test(arguments: shapes)
  func concatenatingThePartsOfATensorGivesItBackWhereverItWasCut(shape: [Int]) {
    let tensor = Tensor<Double>.sample(shape)
    for axis in shape.indices {
      let size = shape[axis]
      for cut in 0...size {
        let parts = [tensor.slice(axis: axis, 0..<cut), tensor.slice(axis: axis, cut..<size)]
        #expect(Tensor.concatenate(parts, axis: axis) == tensor)
        #expect(Tensor.concatenate(parts, axis: axis - shape.count) == tensor)
      }
      #expect(
        Tensor.concatenate((0..<size).map { tensor.slice(axis: axis, $0..<$0 + 1) } + [tensor], axis: axis)
          .slice(axis: axis, size..<2 * size) == tensor)
    }
  }

  @Test(arguments: shapes.filter { $0[0] > 0 })
  func stackingTheRowsOfATensorGivesItBack(shape: [Int]) {
    let tensor = Tensor<Float>.sample(shape)
    #expect(Tensor.stack((0..<shape[0]).map(tensor.row)) == tensor)
  }

  @Test func gatheredRowsAreTheRowsOfTheTable() {
    for columns in [1, 3, 16, 17] {
      let table = Tensor<Float>.sample([6, columns]).displaced()
      let indices: [Int32] = [5, 0, 0, 3, 5]
      #expect(table.gatherRows(indices) == .stack(indices.map { table.row(Int($0)) }))
      #expect(table.gatherRows([]).shape == [0, columns])
    }
  }

  @Test func rowsAtIndicesAreThePartsThereWhateverTheShapeOfAPart() {
    for part in everyShape(rank: 2, sizes: [0, 1, 3]) {
      let tensor = Tensor<Double>.sample([6] + part).displaced()
      let indices = [5, 0, 0, 3, 5]
      #expect(tensor.rows(indices) == .stack(indices.map(tensor.row)))
      #expect(tensor.rows([]).shape == TensorShape([0] + part))
    }
  }

  @Test func scatteringIsTheAdjointOfGatheringGatherTYTScatterY() {
    for columns in [1, 3, 16, 17] {
      let (table, y) = (Tensor<Double>.sample([6, columns], seed: 1), Tensor<Double>.sample([5, columns], seed: 2))
      let indices: [Int32] = [5, 0, 0, 3, 5]
      var scattered = Tensor.zeros(like: table)
      scattered.scatterAddRows(indices, y)
      let (left, right) = ((table.gatherRows(indices) * y).sum().scalar, (table * scattered).sum().scalar)
      #expect(abs(left - right) <= 1e-12)
    }
  }
}

struct PermutingTests {
  @Test(arguments: shapes)
  func everyOrderOfTheAxesMovesEveryElementToItsPlace(shape: [Int]) {
    let tensor = Tensor<Float>.sample(shape).displaced()
    let element = tensor.lookup
    for axes in orders(of: Array(shape.indices)) {
      let permuted = tensor.permuted(axes)
      let expected = Tensor<Float>.build(axes.map { shape[$0] }) { index in
        element(shape.indices.map { axis in index[axes.firstIndex(of: axis)!] })
      }
      #expect(permuted == expected, "\(shape) by \(axes)")
      #expect(permuted.permuted(shape.indices.map { axes.firstIndex(of: $0)! }) == tensor)
    }
  }

  /// Transposing exchanges the last two axes, and twice gives the tensor back.
  @Test func transposingExchangesTheLastTwoAxes() {
    for rows in [1, 2, 3, 4, 5, 8, 17, 33] {
      for columns in [1, 2, 3, 4, 7, 16, 31, 65] {
        for batch in [[], [3], [2, 2]] {
          let tensor = Tensor<Double>.sample(batch + [rows, columns])
          var axes = Array(tensor.shape.dimensions.indices)
          axes.swapAt(axes.count - 1, axes.count - 2)
          #expect(tensor.transposed() == tensor.permuted(axes))
          #expect(tensor.transposed().transposed() == tensor)
        }
      }
    }
    #expect(Tensor<Float>.zeros([0, 3]).transposed().shape == [3, 0])
  }

  private func orders(of axes: [Int]) -> [[Int]] {
    if axes.isEmpty { return [[]] }
    return axes.flatMap { first in orders(of: axes.filter { $0 != first }).map { [first] + $0 } }
  }
}
