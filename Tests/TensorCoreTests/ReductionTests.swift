import Foundation
import TensorCore
import Testing

/// The elements along an axis, for each place of the other axes.
private func lines<Scalar>(_ tensor: Tensor<Scalar>, axis: Int) -> [[Scalar]] {
  let element = tensor.lookup
  var others = tensor.shape.dimensions
  let size = others.remove(at: axis)
  return everyIndex(of: others).map { other in
    (0..<size).map { place in
      var index = other
      index.insert(place, at: axis)
      return element(index)
    }
  }
}

private let shapes = everyShape(rank: 3, sizes: [1, 2, 5]).filter { !$0.isEmpty } + [[3, 67], [67, 3], [2, 37, 19]]

struct ReductionTests {
  /// Sums, means and maxima along every axis equal those of the lines along it.
  @Test(arguments: shapes)
  func reductionsAlongAnAxisEqualThoseOfItsLines(shape: [Int]) {
    func check<Scalar: TensorScalar>(_: Scalar.Type) {
      let tensor = Tensor<Scalar>.sample(shape).displaced()
      for axis in shape.indices {
        var removed = shape
        removed.remove(at: axis)
        var kept = shape
        kept[axis] = 1
        let lines = lines(tensor, axis: axis)
        func expected(_ reduce: ([Scalar]) -> Scalar) -> Tensor<Scalar> {
          Tensor(lines.map(reduce), shape: TensorShape(removed))
        }
        let tolerance = Scalar.tolerance * Double(shape[axis])
        #expect(tensor.sum(axis: axis).distance(to: expected { $0.reduce(0, +) }) <= tolerance)
        #expect(tensor.mean(axis: axis).distance(to: expected { $0.reduce(0, +) / Scalar($0.count) }) <= tolerance)
        #expect(tensor.max(axis: axis) == expected { $0.max()! })
        #expect(tensor.min(axis: axis) == expected { $0.min()! })
        #expect(tensor.argmax(axis: axis) == lines.map { Int32($0.firstIndex(of: $0.max()!)!) })

        let back = axis - shape.count
        #expect(tensor.sum(axis: back, keepingAxis: true) == tensor.sum(axis: axis).reshaped(kept))
        #expect(tensor.mean(axis: back, keepingAxis: true) == tensor.mean(axis: axis).reshaped(kept))
        #expect(tensor.max(axis: back, keepingAxis: true) == tensor.max(axis: axis).reshaped(kept))
        #expect(tensor.min(axis: back, keepingAxis: true) == tensor.min(axis: axis).reshaped(kept))
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func reductionsOfAWholeTensorEqualThoseOfItsListOfElements() {
    for count in [1, 2, 15, 16, 17, 33, 100] {
      let tensor = Tensor<Float>.sample([count])
      let values = tensor.scalars.map { Double($0) }
      #expect(abs(Double(tensor.sum().scalar) - values.reduce(0, +)) < 1e-4)
      #expect(abs(Double(tensor.mean().scalar) - values.reduce(0, +) / Double(count)) < 1e-6)
      #expect(abs(tensor.sumOfSquares() - values.reduce(0) { $0 + $1 * $1 }) < 1e-10 * Double(count))
      #expect(Double(tensor.max().scalar) == values.max())
      #expect(Double(tensor.min().scalar) == values.min())
      #expect(tensor.sum().shape == [] && tensor.mean().shape == [] && tensor.max().shape == [])
    }
    #expect(Tensor<Float>.zeros([0]).sum().scalar == 0)
    #expect(Tensor<Float>.zeros([0]).mean().scalar.isNaN)
    #expect(Tensor<Float>.zeros([0, 3]).sum(axis: 0) == .zeros([3]))
  }

  @Test func aLargeSumOfSinglesIsAsGoodAsOneOfDoubles() {
    #expect(Tensor<Float>.full([100_003], 0.1).sum().scalar == Float(100_003 * Double(Float(0.1))))
  }

  @Test func ofEqualElementsTheFirstIsTheLargestAndANaNIsLargerThanAll() {
    #expect(Tensor<Float>([1, 3, 3, 0], shape: [4]).argmax() == [1])
    #expect(Tensor<Float>([1, 1, 2, 2], shape: [2, 2]).argmax(axis: 0) == [1, 1])
    #expect(Tensor<Float>([1, .nan, 5, .nan], shape: [4]).argmax() == [1])
    #expect(Tensor<Float>([.nan, 5], shape: [2]).argmax() == [0])
    for place in 0..<37 {
      var tensor = Tensor<Double>.sample([37])
      tensor[place] = .nan
      #expect(tensor.max().scalar.isNaN && tensor.min().scalar.isNaN)
    }
    let (nan, one) = (Tensor<Float>(.nan), Tensor<Float>.ones([40]))
    for result in [Tensor.maximum(nan, one), .maximum(one, nan), .minimum(nan, one), .minimum(one, nan)] {
      #expect(result.scalars.allSatisfy { $0.isNaN })
    }
    #expect(Tensor<Float>.full([40], -.infinity).max().scalar == -.infinity)
  }

  @Test func theFirstElementThatIsNotFiniteIsFoundWhereverItIs() {
    for value in [Float.nan, .infinity, -.infinity] {
      for place in 0..<37 {
        var tensor = Tensor<Float>.sample([37])
        #expect(tensor.allFinite && tensor.firstNonFinite == nil)
        tensor[36] = -value
        tensor[place] = value
        #expect(tensor.firstNonFinite == place && !tensor.allFinite)
      }
    }
    let huge = Tensor<Double>.full([4], .greatestFiniteMagnitude)
    #expect(huge.allFinite, "a sum that overflows does not make its terms infinite")
  }

  @Test(arguments: [1, 2, 15, 16, 17, 65])
  func softmaxOfEveryRowIsEOverItsSumWhateverConstantIsAdded(columns: Int) {
    let tensor = Tensor<Double>.sample([2, 3, columns])
    let exponentials = tensor.map(Foundation.exp)
    let expected = exponentials / exponentials.sum(axis: -1, keepingAxis: true)
    #expect(tensor.softmax().distance(to: expected) <= 1e-14)
    #expect((tensor + 1000).softmax().distance(to: expected) <= 1e-12)
    #expect((tensor - 1000).logSoftmax().distance(to: expected.map(Foundation.log)) <= 1e-12)
    #expect(tensor.softmax().sum(axis: -1).distance(to: .ones([2, 3])) <= 1e-14)
  }

  /// Cross entropy is −log softmax at the target; its gradient is softmax − one-hot over the rows.
  @Test func crossEntropyIsLogSoftmaxAtTheTarget() {
    let logits = Tensor<Double>.sample([5, 9])
    let targets: [Int32] = [8, 0, 3, 3, 5]
    let expected = zip(lines(logits.logSoftmax(), axis: 1), targets).map { -$0[Int($1)] }
    for threads in 1...3 {
      let team = ThreadTeam(threads: threads)
      let (losses, gradient) = logits.softmaxCrossEntropy(
        targets: targets, wantsGradient: true, team: team, pool: BufferPool())
      #expect(zip(losses, expected).allSatisfy { abs($0 - $1) <= 1e-14 })
      #expect(gradient!.distance(to: (logits.softmax() - .oneHot(targets, classes: 9)) / 5) <= 1e-15)
      let only = logits.softmaxCrossEntropy(targets: targets, wantsGradient: false, team: team, pool: BufferPool())
      #expect(only.gradient == nil && only.losses == losses)
    }
  }
}
