/// A walk over the elements of a result in row-major order that tells where the elements of two operands lie.
///
/// Axes along which both operands go on evenly are merged, so that operands of equal shapes, or a matrix and a row, are
/// walked in as few and as long runs as there can be.
struct StridedLoop {
  /// One axis of the result: its size, and how far each operand's elements are apart along it (0 where they repeat).
  struct Axis {
    var size: Int
    var first: Int
    var second: Int
  }

  /// The outer axes, outermost first.
  private var outer: [Axis] = []
  /// The innermost axis; one call of the body goes over it.
  private(set) var run = Axis(size: 1, first: 0, second: 0)

  /// - Parameter axes: outermost first.
  init(_ axes: some Sequence<Axis>) {
    for axis in axes where axis.size != 1 {
      if run.first == axis.first * axis.size && run.second == axis.second * axis.size {
        run = Axis(size: run.size * axis.size, first: axis.first, second: axis.second)
      } else {
        if run.size != 1 { outer.append(run) }
        run = axis
      }
    }
  }

  /// All axes that are left, outermost first.
  var axes: [Axis] { outer + [run] }

  /// Two operands repeated along the axes that the result has and they have not.
  init(broadcasting first: TensorShape, _ second: TensorShape, to result: TensorShape) {
    let strides = (first.broadcastStrides(to: result), second.broadcastStrides(to: result))
    self.init(
      result.dimensions.indices.map {
        Axis(size: result.dimensions[$0], first: strides.0[$0], second: strides.1[$0])
      })
  }

  /// Calls `body` for each run with the positions of its first element in the result and in the operands.
  func forEachRun(_ body: (_ result: Int, _ first: Int, _ second: Int) -> Void) {
    let count = outer.reduce(run.size) { $0 * $1.size }
    var index = [Int](repeating: 0, count: outer.count)
    var (first, second) = (0, 0)
    for position in stride(from: 0, to: count, by: max(run.size, 1)) {
      body(position, first, second)
      for axis in outer.indices.reversed() {
        index[axis] += 1
        first += outer[axis].first
        second += outer[axis].second
        if index[axis] < outer[axis].size { break }
        index[axis] = 0
        first -= outer[axis].first * outer[axis].size
        second -= outer[axis].second * outer[axis].size
      }
    }
  }
}

extension TensorShape {
  /// How far neighbours along each axis are apart in row-major order.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in dimensions.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    return strides
  }

  /// The strides for reading an array of this shape as one of the shape `result`, which it broadcasts to.
  fileprivate func broadcastStrides(to result: TensorShape) -> [Int] {
    let own = zip(dimensions, strides).map { size, stride in size == 1 ? 0 : stride }
    return [Int](repeating: 0, count: result.rank - rank) + own
  }
}
