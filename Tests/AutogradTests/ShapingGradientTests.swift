import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

@Suite struct ShapingGradientTests {
  @Test(arguments: gradientSeeds)
  func reshapingKeepsGradientsInRowMajorOrder(seed: UInt64) {
    var source = RandomSource(seed: seed)
    let point = random([2, 3, 2], &source)
    for dimensions in [[12], [3, 4], [-1, 2], [2, 3, 2], [1, 12, 1]] {
      expectGradients(at: [point], "seed \(seed)") { $0[0].reshaped(dimensions).tanh() }
    }
  }

  @Test(arguments: gradientSeeds)
  func transposingExchangesTheLastTwoAxesOfGradients(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for shape: TensorShape in [[1, 4], [3, 2], [2, 3, 4]] {
      expectGradients(at: [random(shape, &source)], "seed \(seed)") { $0[0].transposed().tanh() }
    }
  }

  @Test(arguments: gradientSeeds)
  func permutingBringsEveryGradientBackToItsAxis(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for axes in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [-1, 1, 0], [0, -1, 1]] {
      expectGradients(at: [random([2, 3, 4], &source)], "\(axes), seed \(seed)") { $0[0].permuted(axes).tanh() }
    }
  }

  @Test(arguments: gradientSeeds)
  func broadcastingAddsTheGradientsOfAllRepetitions(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for shape: TensorShape in [[], [3], [1, 3], [2, 1], [2, 3], [4, 1, 3]] {
      expectGradients(at: [random(shape, &source)], "\(shape), seed \(seed)") {
        $0[0].broadcast(to: [4, 2, 3]).tanh()
      }
    }
  }

  @Test(arguments: gradientSeeds)
  func theGradientOfASliceIsZeroOutsideOfIt(seed: UInt64) {
    var source = RandomSource(seed: seed)
    let point = random([3, 4, 2], &source)
    for axis in -3..<3 {
      let size = point.shape[axis]
      for start in 0..<size {
        for end in start + 1...size {
          expectGradients(at: [point], "axis \(axis), \(start)..<\(end), seed \(seed)") {
            $0[0].slice(axis: axis, start..<end).tanh()
          }
        }
      }
    }
  }

  @Test(arguments: gradientSeeds)
  func overlappingSlicesAddUp(seed: UInt64) {
    var source = RandomSource(seed: seed)
    expectGradients(at: [random([2, 5], &source)], "seed \(seed)") {
      $0[0].slice(axis: 1, 0..<3) * $0[0].slice(axis: 1, 2..<5)
    }
  }

  @Test(arguments: gradientSeeds)
  func aRowIsOneEntryOfTheLeadingAxis(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for shape: TensorShape in [[3], [3, 2], [3, 2, 2]] {
      let point = random(shape, &source)
      for index in 0..<3 {
        expectGradients(at: [point], "row \(index), seed \(seed)") { $0[0].row(index).tanh() }
      }
    }
  }

  @Test(arguments: gradientSeeds)
  func concatenationHandsEachPartItsOwnGradient(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for axis in [-1, 0, 1, 2] {
      let parts = [1, 3, 2].map { size in
        var sizes = [2, 3, 2]
        sizes[axis < 0 ? axis + 3 : axis] = size
        return random(TensorShape(sizes), &source)
      }
      expectGradients(at: parts, "axis \(axis), seed \(seed)") { .concatenate($0, axis: axis).tanh() }
      expectGradients(at: [parts[1]], "the same part twice, axis \(axis), seed \(seed)") {
        .concatenate([$0[0], $0[0]], axis: axis).tanh()
      }
    }
  }

  @Test(arguments: gradientSeeds)
  func stackingHandsEachPartItsOwnGradient(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for shape: TensorShape in [[], [3], [2, 2]] {
      let parts = (0..<3).map { _ in random(shape, in: 0.5..<2, &source) }
      expectGradients(at: parts, "seed \(seed)") { .stack($0).tanh() }
    }
  }

  @Test(arguments: gradientSeeds)
  func gatheredRowsAddTheirGradientsWhereAnIndexRepeats(seed: UInt64) {
    var source = RandomSource(seed: seed)
    let indexLists: [[Int32]] = [[0], [3, 1], [2, 2, 2], [1, 0, 3, 1, 2, 1]]
    for indices in indexLists {
      expectGradients(at: [random([4, 3], &source)], "\(indices), seed \(seed)") { $0[0].gatherRows(indices).tanh() }
    }
  }

  @Test(arguments: gradientSeeds)
  func aMatrixProductHasNumericGradients(seed: UInt64) {
    var source = RandomSource(seed: seed)
    for (m, k, n) in [(1, 1, 1), (2, 3, 4), (5, 1, 2), (1, 6, 1), (3, 17, 2)] {
      let factors = [random([m, k], &source), random([k, n], &source)]
      expectGradients(at: factors, "\(m)×\(k)×\(n), seed \(seed)") { $0[0].matmul($0[1]) }
    }
    expectGradients(at: [random([3, 3], &source)], "a square, seed \(seed)") { $0[0].matmul($0[0]) }
  }
}
