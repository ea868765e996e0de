import TensorCore
import Testing

/// Every way of writing to a tensor of shape [4, 3].
private let writes: [(name: String, write: @Sendable (inout Tensor<Float>) -> Void)] = [
  ("subscript", { $0[1, 2] = 9 }),
  ("scalars", { $0.withMutableScalars { $0[3] = 9 } }),
  ("+=", { $0 += Tensor.ones([3]) }),
  ("*= a number", { $0 *= 7 }),
  ("addScaled", { $0.addScaled(2, .ones([4, 3])) }),
  ("scatterAddRows", { $0.scatterAddRows([3, 1], .ones([2, 3])) }),
  ("a matrix view", { $0.mutableMatrix().fill(9) }),
]

private func address(_ tensor: Tensor<Float>) -> UnsafePointer<Float>? { tensor.withScalars(\.baseAddress) }

struct CopyOnWriteTests {
  @Test(arguments: writes.indices)
  func aWriteToACopyDoesNotReachTheOriginalNorTheOtherWay(index: Int) {
    let original = Tensor<Float>.sample([4, 3])
    let before = original.scalars
    var copy = original
    writes[index].write(&copy)
    #expect(original.scalars == before, "\(writes[index].name)")
    #expect(copy.scalars != before)

    var written = original
    let kept = written
    writes[index].write(&written)
    #expect(kept.scalars == before)
  }

  @Test(arguments: writes.indices)
  func aViewOfRowsAndItsOriginalDoNotSeeEachOthersWrites(index: Int) {
    var original = Tensor<Float>.sample([12, 3])
    let before = original.scalars
    var view = original.rows(4..<8)
    #expect(address(view) == address(original).map { $0 + 12 }, "a view shares memory")
    writes[index].write(&view)
    #expect(original.scalars == before, "\(writes[index].name)")
    #expect(view.scalars != Array(before[12..<24]))

    view = original.rows(4..<8)
    original += 1
    #expect(view.scalars == Array(before[12..<24]))
  }

  @Test(arguments: writes.indices)
  func writingToTheOnlyOwnerKeepsItsMemory(index: Int) {
    var tensor = Tensor<Float>.sample([4, 3])
    let before = address(tensor)
    writes[index].write(&tensor)
    #expect(address(tensor) == before, "\(writes[index].name)")
  }

  @Test func writingToASharedTensorMovesItOnceAndThenItStays() {
    let original = Tensor<Float>.sample([4, 3])
    var copy = original
    #expect(address(copy) == address(original))
    copy += 1
    let moved = address(copy)
    #expect(moved != address(original))
    copy += 1
    #expect(address(copy) == moved)
  }

  @Test func reshapingRowsAndALeadingSliceShareMemory() {
    let tensor = Tensor<Float>.sample([4, 3])
    #expect(address(tensor.reshaped([2, 6])) == address(tensor))
    #expect(address(tensor.row(0)) == address(tensor))
    #expect(address(tensor.slice(axis: 0, 0..<2)) == address(tensor))
    #expect(address(tensor.broadcast(to: [4, 3])) == address(tensor))
  }
}
