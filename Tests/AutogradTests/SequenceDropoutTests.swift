import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// Masks that are shared along an axis, and masks over states.
@Suite struct SequenceDropoutTests {
  private typealias Operation = (Variable<Double>, inout ForwardContext<Double>) -> Variable<Double>

  private func context(seed: UInt64, mode: ForwardMode = .training, threads: Int = 1) -> ForwardContext<Double> {
    ForwardContext(mode: mode, random: RandomSource(seed: seed), workspace: Workspace(threads: threads))
  }

  @Test(arguments: [0.1, 0.5, 0.8], gradientSeeds)
  func gradientsAreThoseOfWhatIsKept(probability: Double, seed: UInt64) {
    var source = RandomSource(seed: seed)
    expectGradients(at: [random([3, 4, 5], &source), random([4, 5], &source)], "seed \(seed)") { inputs in
      var context = context(seed: seed, threads: 2)
      let locked = lockedDropout(inputs[0], probability: probability, in: &context) + inputs[0] * 0.1
      let table = embeddingDropout(inputs[1], probability: probability, in: &context).tanh() + inputs[1] * 0.1
      return locked + zoneout(table, keeping: inputs[1] * 2, probability: probability, in: &context)
    }
  }

  @Test(arguments: [0.1, 0.5, 0.9], gradientSeeds)
  func aSequencesMaskIsTheSameAtEveryStep(probability: Double, seed: UInt64) {
    var context = context(seed: seed)
    let values = lockedDropout(Variable(.full([7, 100, 200], 2)), probability: probability, in: &context).value
    for t in 1..<7 { #expect(values.row(t) == values.row(0), "step \(t), seed \(seed)") }
    expectShare(of: probability, in: values.row(0).scalars, kept: 2 / (1 - probability), "seed \(seed)")
    #expect(values.row(0).row(0) != values.row(0).row(1), "sequences have masks of their own, seed \(seed)")
  }

  @Test(arguments: [0.1, 0.5, 0.9], gradientSeeds)
  func aTokenDropsWithItsWholeRow(probability: Double, seed: UInt64) {
    var context = context(seed: seed)
    let values = embeddingDropout(Variable(.full([5000, 3], 2)), probability: probability, in: &context).value
    for column in 1..<3 {
      #expect(values.slice(axis: 1, column..<column + 1) == values.slice(axis: 1, 0..<1), "seed \(seed)")
    }
    expectShare(of: probability, in: values.slice(axis: 1, 0..<1).scalars, kept: 2 / (1 - probability), "seed \(seed)")
  }

  @Test(arguments: [0.1, 0.5, 0.9], gradientSeeds)
  func aShareOfTheUnitsKeepsItsPreviousValue(probability: Double, seed: UInt64) {
    var context = context(seed: seed)
    let (next, previous) = (Variable(Tensor<Double>.full([100, 200], 3)), Variable(Tensor<Double>.zeros([100, 200])))
    let values = zoneout(next, keeping: previous, probability: probability, in: &context).value
    expectShare(of: probability, in: values.scalars, kept: 3, "seed \(seed)")
  }

  private func expectShare(of probability: Double, in values: [Double], kept: Double, _ label: Comment) {
    let n = Double(values.count)
    let share = Double(values.count { $0 == 0 }) / n
    #expect(abs(share - probability) < 5 * (probability * (1 - probability) / n).squareRoot(), label)
    #expect(values.allSatisfy { $0 == 0 || abs($0 - kept) < 1e-14 * kept }, label)
  }

  @Test func atInferenceNothingDropsAndZoneoutIsTheMean() {
    var inference = context(seed: 1, mode: .inference)
    let (x, y) = (Variable(Tensor<Double>.arange(24).reshaped([2, 3, 4])), Variable(Tensor<Double>.ones([2, 3, 4])))
    #expect(lockedDropout(x, probability: 0.9, in: &inference).value == x.value)
    let table = x.reshaped([6, 4])
    #expect(embeddingDropout(table, probability: 0.9, in: &inference).value == table.value)
    #expect(zoneout(x, keeping: y, probability: 0.25, in: &inference).value == y.value * 0.25 + x.value * 0.75)
    var training = context(seed: 1)
    #expect(zoneout(x, keeping: y, probability: 0, in: &training).value == x.value)
    var mean = Tensor<Double>.zeros([2, 3, 4])
    for seed in 0..<2000 {
      var context = context(seed: UInt64(seed))
      mean += zoneout(x, keeping: y, probability: 0.25, in: &context).value / 2000
    }
    let expected = zoneout(x, keeping: y, probability: 0.25, in: &inference).value
    #expect(
      (mean - expected).absolute().max().scalar < 1.2, "the standard deviation is at most 22 · √(0.1875 / 2000) = 0.21")
  }

  @Test func theNumberOfThreadsChangesNothing() {
    let x = Variable(Tensor<Double>.ones([3, 7, 11]))
    let operations: [Operation] = [
      { lockedDropout($0, probability: 0.5, in: &$1) },
      { embeddingDropout($0.reshaped([33, 7]), probability: 0.5, in: &$1) },
      { zoneout($0, keeping: $0 * 2, probability: 0.5, in: &$1) },
    ]
    for (index, operation) in operations.enumerated() {
      var one = context(seed: 3)
      let expected = operation(x, &one).value
      for threads in [2, 3] {
        var several = context(seed: 3, threads: threads)
        #expect(operation(x, &several).value == expected, "operation \(index), \(threads) threads")
      }
    }
  }

  @Test func aPartOfAnInputDropsWhatItDropsInTheWhole() {
    let x = Variable(Tensor<Double>.ones([60]))
    var whole = context(seed: 5)
    let expected = dropout(x, probability: 0.4, in: &whole).value
    for start in 0..<9 {
      for count in [0, 1, 2, 3, 4, 5, 17, 51] {
        for threads in [1, 3] {
          var part = context(seed: 5, threads: threads)
          let dropped = dropout(
            x.slice(axis: 0, 0..<count), probability: 0.4, batchAxis: nil, fromRow: start, in: &part
          ).value
          #expect(dropped == expected.rows(start..<start + count), "\(count) elements from \(start)")
        }
      }
    }
  }

  @Test func whatIsNoSequenceAndNoTableTraps() async {
    let sequence = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      _ = lockedDropout(Variable(.zeros([2, 3])), probability: 0.5, in: &context)
    }
    expectMessage("the input must be [time, batch, features]", from: sequence)
    let probability = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      _ = embeddingDropout(Variable(.zeros([2, 3])), probability: 1, in: &context)
    }
    expectMessage("embeddingDropout: the probability 1.0 is not in 0..<1", from: probability)
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      _ = zoneout(Variable(.zeros([2, 3])), keeping: Variable(.zeros([2, 4])), probability: 0.5, in: &context)
    }
    expectMessage("zoneout", from: shapes)
  }
}
