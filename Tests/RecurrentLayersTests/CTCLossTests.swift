import Autograd
import CharrnnTestSupport
import Foundation
import RecurrentLayers
import TensorCore
import Testing

/// Connectionist temporal classification, whose loss sums over alignments.
@Suite struct CTCLossTests {
  private func logits(_ shape: TensorShape, seed: UInt64) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return .normal(shape, using: &random) * 2
  }

  private func losses(
    _ logProbabilities: Tensor<Double>, _ targets: CTCTargets, lengths: SequenceLengths? = nil,
    zeroInfinity: Bool = false
  ) -> [Double] {
    ctcLoss(
      Variable(logProbabilities), targets: targets, lengths: lengths, reduction: .none, zeroInfinity: zeroInfinity
    ).value.scalars
  }

  /// Loss and gradient by either function.
  private func passes(
    _ logits: Tensor<Double>, _ targets: CTCTargets, lengths: SequenceLengths? = nil, reduction: CTCReduction = .mean,
    zeroInfinity: Bool = false
  ) -> [(loss: Tensor<Double>, gradient: Tensor<Double>)] {
    [true, false].map { isFused in
      let x = Tape<Double>().watch(logits)
      let loss =
        isFused
        ? ctcLossFromLogits(x, targets: targets, lengths: lengths, reduction: reduction, zeroInfinity: zeroInfinity)
        : ctcLoss(x, targets: targets, lengths: lengths, reduction: reduction, zeroInfinity: zeroInfinity)
      return (loss.value, loss.gradients(seed: .ones(like: loss.value))[x]!)
    }
  }

  @Test(arguments: [Int32(0), 1, 2])
  func theLossIsThatOfAllPathsThatReadAsTheTarget(blank: Int32) throws {
    let steps = [5, 3, 1]
    let x = logits([5, 3, 3], seed: 1).logSoftmax()
    let lengths = try SequenceLengths(steps, time: 5)
    let all = (0..<3).map { labellings(of: x, sequence: $0, steps: steps[$0], blank: blank) }
    for labels in Set(all[0].keys).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let targets = try CTCTargets(Array(repeating: labels, count: 3), classes: 3, blank: blank)
      for (loss, known) in zip(losses(x, targets, lengths: lengths), all) {
        let expected = -log(known[labels] ?? 0)
        #expect(loss == expected || abs(loss - expected) < 1e-12, "\(labels), seed 1")
      }
    }
  }

  @Test(arguments: gradientSeeds, [CTCReduction.none, .sum, .mean])
  func gradientsAreTheDerivatives(seed: UInt64, reduction: CTCReduction) throws {
    let targets = try CTCTargets([[1, 2, 2], [], [3, 1], [1]], classes: 4)
    let lengths = try SequenceLengths([6, 4, 5, 1], time: 6)
    let x = logits([6, 4, 4], seed: seed)
    func expectDerivative(_ label: String, loss: (Variable<Double>) -> Variable<Double>) {
      expectPassing(GradientCheck.compare([("scores", x)]) { projection(loss($0[0])) }, "\(label), seed \(seed)")
    }
    expectDerivative("from log-probabilities") {
      ctcLoss($0, targets: targets, lengths: lengths, reduction: reduction)
    }
    expectDerivative("from logits") {
      ctcLossFromLogits($0, targets: targets, lengths: lengths, reduction: reduction)
    }
  }

  @Test func logitsGiveTheLossOfTheirLogSoftmax() throws {
    let targets = try CTCTargets([[1, 1], [2]], classes: 3)
    let x = Tape<Double>().watch(logits([5, 2, 3], seed: 2))
    let (fused, apart) = (ctcLossFromLogits(x, targets: targets), ctcLoss(x.logSoftmax(), targets: targets))
    expectClose(fused.value, apart.value)
    expectClose(fused.gradients()[x]!, apart.gradients()[x]!)
  }

  @Test func aLossIsOneOperation() throws {
    let tape = Tape<Double>()
    let (x, targets) = (tape.watch(logits([3, 1, 3], seed: 8)), try CTCTargets([[1]], classes: 3))
    _ = ctcLoss(x, targets: targets)
    #expect(tape.count == 1)
    _ = ctcLossFromLogits(x, targets: targets)
    #expect(tape.count == 2)
  }

  @Test func paddingHasNoInfluence() throws {
    let targets = try CTCTargets([[1, 1], [2], []], classes: 3)
    let lengths = try SequenceLengths([4, 2, 1], time: 4)
    let x = logits([4, 3, 3], seed: 3).logSoftmax()
    let (clean, padded) = (
      passes(x, targets, lengths: lengths), passes(x.paddedWithNaN(lengths), targets, lengths: lengths)
    )
    for (clean, padded) in zip(clean, padded) {
      #expect(clean.loss == padded.loss)
      #expect(clean.gradient == padded.gradient)
      #expect((2..<4).allSatisfy { t in (0..<3).allSatisfy { padded.gradient[t, 1, $0] == 0 } })
    }
  }

  @Test func aTargetWithoutAnAlignmentHasAnInfiniteLoss() throws {
    // Two equal labels need a blank between them.
    let targets = try CTCTargets([[1, 1, 2], [1, 2, 1], [1, 2, 1, 2]], classes: 3)
    let x = logits([3, 3, 3], seed: 4).logSoftmax()
    #expect(losses(x, targets).map(\.isFinite) == [false, true, false])
    for (loss, gradient) in passes(x, targets, reduction: .sum) {
      #expect(loss.scalar == .infinity)
      #expect(gradient.slice(axis: 1, 0..<1).scalars.allSatisfy { $0.isNaN })
      #expect(gradient.slice(axis: 1, 1..<2).allFinite)
    }
  }

  @Test func anInfiniteLossCountsAsZeroWhereItIsToldTo() throws {
    let x = logits([3, 2, 3], seed: 5).logSoftmax()
    let (both, one) = (try CTCTargets([[1, 1, 2], [1]], classes: 3), try CTCTargets([[1]], classes: 3))
    let sound = passes(x.slice(axis: 1, 1..<2), one, reduction: .sum)
    for (found, sound) in zip(passes(x, both, reduction: .sum, zeroInfinity: true), sound) {
      #expect(found.loss == sound.loss)
      #expect(found.gradient.slice(axis: 1, 0..<1).sumOfSquares() == 0)
      #expect(found.gradient.slice(axis: 1, 1..<2) == sound.gradient)
    }
  }

  @Test func theMeanDividesByLabelsThenBySequences() throws {
    let targets = try CTCTargets([[1, 2], [], [1]], classes: 3)
    let x = logits([4, 3, 3], seed: 6).logSoftmax()
    let own = losses(x, targets)
    let mean = ctcLoss(Variable(x), targets: targets).value.scalar
    #expect(abs(mean - (own[0] / 2 + own[1] + own[2]) / 3) < 1e-14)
  }

  @Test func longSequencesOfSmallProbabilitiesDoNotUnderflow() throws {
    let (time, p) = (3000, -50.0)
    let x = Tensor<Double>.full([time, 1, 2], p)
    // Paths of a single label: it starts anywhere and ends anywhere after.
    let paths = Double(time * (time + 1) / 2)
    let loss = losses(x, try CTCTargets([[1]], classes: 2))[0]
    #expect(abs(loss - (-Double(time) * p - log(paths))) < 1e-9)
  }

  /// The path to the target is so unlikely, beside others from the same start, that their ratio is no `Double`.
  @Test func anUnlikelyTargetHasAFiniteLoss() throws {
    let x = Tensor<Double>([0, -1e4, 0, -1e4], shape: [2, 1, 2])
    #expect(try abs(losses(x, CTCTargets([[1]], classes: 2))[0] - (1e4 - log(2))) < 1e-10)
    let single = Tensor<Float>([0, -1e4, 0, -1e4], shape: [2, 1, 2])
    let loss = ctcLossFromLogits(Variable(single), targets: try CTCTargets([[1]], classes: 2)).value.scalar
    #expect(abs(loss - 9999.307) < 1e-2)
  }

  @Test func theLossOfASequenceDoesNotDependOnItsBatch() throws {
    let labels: [[Int32]] = [[1, 2], [2], [1, 1]]
    let x = logits([5, 3, 3], seed: 7).logSoftmax()
    let together = losses(x, try CTCTargets(labels, classes: 3))
    for (sequence, labels) in labels.enumerated() {
      let alone = x.slice(axis: 1, sequence..<sequence + 1)
      #expect(try losses(alone, CTCTargets([labels], classes: 3)) == [together[sequence]])
    }
  }

  @Test(
    arguments: [
      ([], .noSequences),
      ([[1], [1, 3]], .outOfRange(sequence: 1, position: 1, label: 3, classes: 3)),
      ([[-1]], .outOfRange(sequence: 0, position: 0, label: -1, classes: 3)),
      ([[2, 1, 0]], .isBlank(sequence: 0, position: 2, label: 0)),
    ] as [([[Int32]], LabellingError)])
  func labelsThatCannotBeTargetsAreRefused(labels: [[Int32]], error: LabellingError) {
    #expect(throws: error) { try CTCTargets(labels, classes: 3) }
    #expect(!error.description.contains("\n"))
  }

  @Test func scoresOfOtherClassesTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ctcLoss(Variable(Tensor<Float>.zeros([4, 1, 3])), targets: try CTCTargets([[1]], classes: 5))
    }
    expectMessage("ctcLoss: shapes [4, 1, 3] do not fit; the scores must be [time, batch, 5]", from: result)
  }

  @Test func lengthsOfAnotherBatchTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ctcLoss(
        Variable(Tensor<Float>.zeros([4, 1, 3])), targets: try CTCTargets([[1]], classes: 3),
        lengths: try SequenceLengths([5], time: 5))
    }
    expectMessage("lengths of 1 sequences in 5 steps for scores of 1 sequences in 4 steps", from: result)
  }

  @Test func targetsOfAnotherBatchTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ctcLossFromLogits(Variable(Tensor<Float>.zeros([4, 2, 3])), targets: try CTCTargets([[1]], classes: 3))
    }
    expectMessage("ctcLossFromLogits: labels of 1 sequences for scores of 2 sequences", from: result)
  }
}
