import TensorCore
import Testing

/// The rule of broadcasting, index by index.
private func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int]? {
  let rank = max(a.count, b.count)
  let (x, y) = (Array(repeating: 1, count: rank - a.count) + a, Array(repeating: 1, count: rank - b.count) + b)
  guard zip(x, y).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
  return zip(x, y).map { $0 == 1 ? $1 : $0 }
}

private func operandIndex(_ index: [Int], _ dimensions: [Int]) -> [Int] {
  zip(index.suffix(dimensions.count), dimensions).map { $1 == 1 ? 0 : $0 }
}

private func combine<Scalar>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, to dimensions: [Int], _ operation: (Scalar, Scalar) -> Scalar
) -> Tensor<Scalar> {
  let (x, y) = (a.lookup, b.lookup)
  return .build(dimensions) {
    operation(x(operandIndex($0, a.shape.dimensions)), y(operandIndex($0, b.shape.dimensions)))
  }
}

private let shapes =
  everyShape(rank: 3, sizes: [1, 2, 3]) + everyShape(rank: 2, sizes: [0, 1]) + [
    [2, 1, 3, 1], [1, 17, 33], [1, 2, 1, 3],
  ]

struct BroadcastingTests {
  @Test(arguments: shapes)
  func everyPairOfShapesCombinesAsIndexByIndexOrHasNoCommonShape(first: [Int]) {
    let a = Tensor<Float>.sample(first, seed: 1)
    for second in shapes {
      let common = broadcastShape(first, second)
      #expect(TensorShape(first).broadcast(with: TensorShape(second))?.dimensions == common)
      guard let common else { continue }
      let b = Tensor<Float>.sample(second, seed: 2)
      #expect(a - b == combine(a, b, to: common, -), "\(first) and \(second)")
    }
  }

  @Test func everyOperatorCombinesAsItsScalarOperatorDoes() {
    func check<Scalar: TensorScalar>(_: Scalar.Type) {
      for (first, second) in [([3, 5], [3, 5]), ([3, 5], [5]), ([5], [3, 1]), ([2, 1, 19], [4, 1]), ([], [7])] {
        let (a, b) = (Tensor<Scalar>.sample(first, seed: 3), Tensor<Scalar>.sample(second, seed: 4))
        let common = broadcastShape(first, second)!
        #expect(a + b == combine(a, b, to: common, +))
        #expect(a - b == combine(a, b, to: common, -))
        #expect(a * b == combine(a, b, to: common, *))
        #expect((a / b).distance(to: combine(a, b, to: common, /)) <= Scalar.tolerance)
        #expect(Tensor.maximum(a, b) == combine(a, b, to: common, Swift.max))
        #expect(Tensor.minimum(a, b) == combine(a, b, to: common, Swift.min))
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func aNumberOnEitherSideIsATensorOfIt() {
    let a = Tensor<Double>.sample([3, 7])
    #expect(a + 2 == a.map { $0 + 2 } && 2 + a == a.map { 2 + $0 })
    #expect(a - 2 == a.map { $0 - 2 } && 2 - a == a.map { 2 - $0 })
    #expect(a * 2 == a.map { $0 * 2 } && 2 * a == a.map { 2 * $0 })
    #expect(a / 2 == a.map { $0 / 2 } && 2 / a == a.map { 2 / $0 })
    #expect(-a == a.map { -$0 })
  }

  /// A compound assignment gives what its operator gives, whichever side is larger.
  @Test(arguments: shapes)
  func aCompoundAssignmentGivesWhatItsOperatorGives(first: [Int]) {
    for second in shapes where broadcastShape(first, second) != nil {
      let (a, b) = (Tensor<Float>.sample(first, seed: 5), Tensor<Float>.sample(second, seed: 6))
      var result = a.displaced()
      result -= b
      #expect(result == a - b)
      result = a
      result += b
      #expect(result == a + b)
    }
  }

  @Test func aCompoundAssignmentWithItselfAndWithANumber() {
    let a = Tensor<Float>.sample([4, 5])
    var result = a
    result += result
    #expect(result == a * 2)
    result *= 3
    result -= 1
    result /= 2
    result += 0.5
    #expect(result.distance(to: a.map { ($0 * 6 - 1) / 2 + 0.5 }) <= Float.tolerance)
  }

  @Test func addScaledAddsAMultiple() {
    for count in [0, 1, 15, 16, 17, 33] {
      let (a, b) = (Tensor<Double>.sample([count], seed: 7), Tensor<Double>.sample([count], seed: 8))
      var result = a
      result.addScaled(-0.5, b)
      #expect(result.distance(to: a - b * 0.5) <= Double.tolerance)
    }
  }

  @Test(arguments: shapes)
  func broadcastingIsAddingToZerosOfTheLargerShape(first: [Int]) {
    for second in shapes where broadcastShape(first, second) == second {
      let tensor = Tensor<Float>.sample(first).displaced()
      #expect(tensor.broadcast(to: TensorShape(second)) == tensor + .zeros(TensorShape(second)))
    }
  }

  @Test(arguments: shapes)
  func summingToAShapeIsTheAdjointOfBroadcastingBroadcastXYXSumY(first: [Int]) {
    for second in shapes where broadcastShape(first, second) == second {
      let (x, y) = (Tensor<Double>.sample(first, seed: 9), Tensor<Double>.sample(second, seed: 10))
      let summed = y.sum(to: x.shape)
      #expect(summed.shape == x.shape)
      let (left, right) = ((x.broadcast(to: y.shape) * y).sum().scalar, (x * summed).sum().scalar)
      #expect(abs(left - right) <= 1e-12 * max(1, abs(left)), "\(first) and \(second)")
    }
  }
}
