import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

/// Every input of two bits.
private let bits = Tensor<Double>([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])

@Suite struct PerceptronTests {
  @Test func aNeuronComparesItsWeightedSumWithZero() throws {
    let neuron = Neuron<Double>(weights: Tensor([0.5, -1, 2], shape: [3]), bias: -0.25)
    let batch = Tensor<Double>([1, 1, 1, 0, 1, 0, 0.5, 0, 0, 0, 0, 0], shape: [4, 3])
    let expected = [1.25, -1.25, 0, -0.25]
    #expect(neuron.weightedSum(of: batch) == Tensor(expected, shape: [4]))
    #expect(neuron(batch) == Tensor([1, 0, 1, 0], shape: [4]))
    for (row, sum) in expected.enumerated() {
      #expect(neuron.weightedSum(of: batch.row(row)) == Tensor(sum))
      #expect(neuron(batch.row(row)) == Tensor(sum >= 0 ? 1 : 0))
    }
    #expect(neuron(.zeros([0, 3])).shape == [0])
  }

  @Test func theRuleMovesTheWeightsByRateTimesErrorTimesInput() throws {
    var perceptron = Perceptron<Double>(inputs: 2)
    // From zero weights the first sample is taken for a 1; that mends the second too, and not the third.
    let outcome = try perceptron.learn(
      Tensor([1, 2, 3, 1, -4, -8], shape: [3, 2]), targets: Tensor([0, 0, 0], shape: [3]), rate: 0.5, mostEpochs: 1)
    #expect(outcome == .notConverged(epochs: 1, errors: 2))
    #expect(perceptron.neuron == Neuron(weights: Tensor([1.5, 3], shape: [2]), bias: -1))
  }

  @Test(arguments: [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
  func separableFunctionsOfTwoBitsAreLearned(outputs: [Double]) throws {
    let targets = Tensor(outputs, shape: [4])
    for rate in [0.1, 1, 3] {
      var perceptron = Perceptron<Double>(inputs: 2)
      let outcome = try perceptron.learn(bits, targets: targets, rate: rate)
      guard case .converged(let epochs) = outcome else {
        Issue.record("\(outcome) at rate \(rate)")
        continue
      }
      #expect(perceptron(bits) == targets)

      var same = Perceptron<Double>(inputs: 2)
      #expect(try same.learn(bits, targets: targets, rate: rate, mostEpochs: epochs) == outcome)
      let learned = perceptron
      #expect(try perceptron.learn(bits, targets: targets, rate: rate) == .converged(epochs: 1))
      #expect(perceptron == learned, "what is right stays as it is")
    }
  }

  @Test func exclusiveOrIsNotLearnedAndTheOutcomeSaysSo() throws {
    let targets = Tensor<Double>([0, 1, 1, 0], shape: [4])
    for epochs in [1, 10, 100, 101] {
      var perceptron = Perceptron<Double>(inputs: 2)
      guard case .notConverged(epochs, let errors) = try perceptron.learn(bits, targets: targets, mostEpochs: epochs)
      else {
        Issue.record("exclusive or was learned in \(epochs) epochs")
        continue
      }
      var counted = Perceptron<Double>(inputs: 2)
      if epochs > 1 { _ = try counted.learn(bits, targets: targets, mostEpochs: epochs - 1) }
      var mistakes = 0
      for index in 0..<4 {
        let (sample, target) = (bits.rows(index..<index + 1), targets.rows(index..<index + 1))
        if counted.neuron(sample) != target { mistakes += 1 }
        _ = try counted.learn(sample, targets: target, mostEpochs: 1)
      }
      #expect(errors == mistakes && counted == perceptron, "\(epochs) epochs")
    }
  }

  /// Points in ±1, no nearer than `margin` to a random plane, with the side that each is on. The plane's normal and offset
  /// together have length 1.
  private func separated(
    _ count: Int, features: Int, margin: Double, using random: inout RandomSource
  ) -> (inputs: Tensor<Double>, targets: Tensor<Double>) {
    let drawn = Tensor<Double>.normal([features + 1], using: &random)
    let plane = (drawn / drawn.sumOfSquares().squareRoot()).scalars
    var (inputs, targets): ([Double], [Double]) = ([], [])
    while targets.count < count {
      let point = (0..<features).map { _ in 2 * random.uniform() - 1 }
      let distance = zip(plane, point + [1]).reduce(0) { $0 + $1.0 * $1.1 }
      guard abs(distance) >= margin else { continue }
      inputs += point
      targets.append(distance > 0 ? 1 : 0)
    }
    return (Tensor(inputs, shape: [count, features]), Tensor(targets, shape: [count]))
  }

  @Test(arguments: 2...10)
  func separableSetsAreLearnedWithinNovikoffsBound(features: Int) throws {
    for seed: UInt64 in 1...3 {
      var random = RandomSource(seed: seed)
      let margin = 0.1
      let (inputs, targets) = separated(60, features: features, margin: margin, using: &random)
      let longest = (0..<60).map { inputs.row($0).sumOfSquares() + 1 }.max()!
      let bound = longest / (margin * margin)
      var perceptron = Perceptron<Double>(inputs: features)
      var mistakes = 0
      while case .notConverged(_, let errors) = try perceptron.learn(inputs, targets: targets, rate: 0.5, mostEpochs: 1)
      {
        mistakes += errors
        if Double(mistakes) > bound { break }
      }
      #expect(Double(mistakes) <= bound, "seed \(seed)")
      #expect(perceptron(inputs) == targets, "seed \(seed)")
    }
  }

  @Test func singlePrecisionLearnsToo() throws {
    var perceptron = Perceptron<Float>(inputs: 2)
    let inputs = Tensor<Float>(bits.scalars.map { Float($0) }, shape: [4, 2])
    _ = try perceptron.learn(inputs, targets: Tensor([0, 0, 0, 1], shape: [4]))
    #expect(perceptron(inputs) == Tensor([0, 0, 0, 1], shape: [4]))
  }

  @Test func dataThatCannotBeLearnedFromSayWhere() throws {
    func learn(_ inputs: Tensor<Double>, _ targets: [Double]) throws(PerceptronError) {
      var perceptron = Perceptron<Double>(inputs: 2)
      _ = try perceptron.learn(inputs, targets: Tensor(targets, shape: [targets.count]))
    }
    let target = #expect(throws: PerceptronError.targetNotBinary(-1, row: 2)) { try learn(.ones([3, 2]), [1, 0, -1]) }
    #expect(target?.description == "the target -1.0 at row 2 is neither 0 nor 1; correct it")
    var inputs = Tensor<Double>.ones([3, 2])
    inputs[1, 1] = .nan
    let input = #expect(throws: PerceptronError.inputNotFinite(row: 1, column: 1)) { try learn(inputs, [1, 0, 1]) }
    #expect(
      input?.description == "the input at row 1, column 1 is not a finite number; correct it, or leave the row out")
  }

  @Test func shapesThatDoNotFitTrap() async {
    let inputs = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Neuron<Float>(weights: .ones([3]), bias: 0)(.ones([5, 2]))
    }
    expectMessage("Neuron: shapes [3] and [5, 2] do not fit", from: inputs)
    let samples = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var perceptron = Perceptron<Float>(inputs: 2)
      _ = try perceptron.learn(.ones([4, 2]), targets: .ones([3]))
    }
    expectMessage("Perceptron: shapes [2] and [4, 2] and [3] do not fit", from: samples)
    let features = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var perceptron = Perceptron<Float>(inputs: 2)
      _ = try perceptron.learn(.ones([4, 3]), targets: .ones([4]))
    }
    expectMessage("Perceptron: shapes [2] and [4, 3] and [4] do not fit", from: features)
  }
}
