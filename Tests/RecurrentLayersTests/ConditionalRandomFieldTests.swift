import Autograd
import CharrnnTestSupport
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// The conditional random field beside an enumeration of all sequences of tags.
@Suite struct ConditionalRandomFieldTests {
  private let steps = [4, 2, 1]
  private let tagCount = 3

  private func field(seed: UInt64) -> ConditionalRandomField<Double> {
    var random = RandomSource(seed: seed)
    var field = ConditionalRandomField<Double>(tagCount: tagCount)
    field.updateParameters { parameter, _ in parameter.value = .normal(parameter.shape, using: &random) }
    return field
  }

  private func emissions(seed: UInt64) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return .normal([4, 3, tagCount], using: &random) * 2
  }

  private func targets(seed: UInt64) throws -> TagSequences {
    var random = RandomSource(seed: seed)
    return try TagSequences(
      steps.map { (0..<$0).map { _ in Int32(random.number(below: tagCount)) } }, tagCount: tagCount)
  }

  /// The score of a path by the definition.
  private func score(
    _ path: [Int32], _ field: ConditionalRandomField<Double>, _ emissions: Tensor<Double>, sequence: Int
  ) -> Double {
    let own = path.map(Int.init)
    let transitions = zip(own, own.dropFirst()).map { field.transitions.value[$0, $1] }
    return field.startTransitions.value[own[0]] + field.endTransitions.value[own.last!]
      + transitions.reduce(0, +) + own.enumerated().reduce(0) { $0 + emissions[$1.offset, sequence, $1.element] }
  }

  private func paths(
    _ field: ConditionalRandomField<Double>, _ emissions: Tensor<Double>, sequence: Int
  ) -> [(path: [Int32], score: Double)] {
    allPaths(steps[sequence], classes: tagCount).map { ($0, score($0, field, emissions, sequence: sequence)) }
  }

  private func loss(
    _ field: ConditionalRandomField<Double>, _ emissions: Tensor<Double>, _ targets: TagSequences,
    _ reduction: TaggingReduction
  ) -> [Double] {
    var context = ForwardContext<Double>()
    return field.loss(Variable(emissions), targets: targets, reduction: reduction, in: &context).value.scalars
  }

  @Test(arguments: [UInt64(1), 2, 3]) func theLossIsMinusTheLogarithmOfTheShareOfAllPaths(seed: UInt64) throws {
    let (field, emissions, targets) = (field(seed: seed), emissions(seed: seed + 10), try targets(seed: seed))
    let expected = steps.indices.map { sequence in
      let all = paths(field, emissions, sequence: sequence).reduce(0) { $0 + exp($1.score) }
      return log(all) - score(targets.tags[sequence], field, emissions, sequence: sequence)
    }
    for (found, expected) in zip(loss(field, emissions, targets, .none), expected) {
      #expect(abs(found - expected) < 1e-12, "seed \(seed)")
    }
    let sum = expected.reduce(0, +)
    for (reduction, divisor) in [(TaggingReduction.sum, 1.0), (.mean, 3), (.tokenMean, 7)] {
      #expect(abs(loss(field, emissions, targets, reduction)[0] - sum / divisor) < 1e-12, "seed \(seed)")
    }
  }

  @Test(arguments: [UInt64(1), 2, 3]) func theBestTagsHaveTheLargestScoreOfAllPaths(seed: UInt64) throws {
    let (field, emissions) = (field(seed: seed), emissions(seed: seed + 10))
    let found = try field.bestTags(emissions, lengths: SequenceLengths(steps, time: 4))
    for (sequence, found) in found.enumerated() {
      let best = paths(field, emissions, sequence: sequence).max { $0.score < $1.score }!
      #expect(found.labels == best.path && abs(found.score - best.score) < 1e-12, "seed \(seed)")
    }
  }

  @Test(arguments: [UInt64(1), 2, 3]) func marginalsAreSharesOfAllPaths(seed: UInt64) throws {
    let (field, emissions) = (field(seed: seed), emissions(seed: seed + 10))
    let found = try field.marginals(emissions, lengths: SequenceLengths(steps, time: 4))
    var expected = Tensor<Double>.zeros([4, 3, tagCount])
    for sequence in steps.indices {
      let all = paths(field, emissions, sequence: sequence)
      let total = all.reduce(0) { $0 + exp($1.score) }
      for (path, score) in all {
        for (t, tag) in path.enumerated() { expected[t, sequence, Int(tag)] += exp(score) / total }
      }
    }
    expectClose(found, expected, "seed \(seed)")
  }

  @Test(arguments: gradientSeeds, [TaggingReduction.none, .sum, .mean, .tokenMean])
  func gradientsAreTheDerivatives(seed: UInt64, reduction: TaggingReduction) throws {
    let targets = try targets(seed: seed)
    let comparisons = GradientCheck.compare(field(seed: seed), inputs: [("emissions", emissions(seed: seed + 10))]) {
      projection($0.loss($1[0], targets: targets, reduction: reduction, in: &$2))
    }
    #expect(comparisons.map(\.name) == ["emissions", "start_transitions", "end_transitions", "transitions"])
    expectPassing(comparisons, "seed \(seed)")
  }

  @Test func theLossIsOneOperation() throws {
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape)
    _ = field(seed: 1).bound().loss(Variable(emissions(seed: 2)), targets: try targets(seed: 3), in: &context)
    #expect(tape.count == 1)
  }

  @Test func paddingHasNoInfluence() throws {
    let field = field(seed: 4).bound()
    let (clean, targets) = (emissions(seed: 5), try targets(seed: 6))
    let padded = clean.paddedWithNaN(targets.lengths)
    func results(_ emissions: Tensor<Double>) throws -> [Tensor<Double>] {
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape)
      let x = tape.watch(emissions)
      let loss = field.loss(x, targets: targets, in: &context)
      let gradients = loss.gradients()
      return [loss.value, gradients[x]!, try field.marginals(emissions, lengths: targets.lengths)]
        + field.parameters.map { gradients[$0.parameter]! }
    }
    #expect(try results(padded) == results(clean))
    #expect(
      try field.bestTags(padded, lengths: targets.lengths) == field.bestTags(clean, lengths: targets.lengths))
  }

  @Test func transitionsLeadFromTheRowToTheColumn() throws {
    var field = ConditionalRandomField<Double>(tagCount: 2)
    field.startTransitions.value = Tensor([0, 0], shape: [2])
    field.endTransitions.value = Tensor([0, 0], shape: [2])
    field.transitions.value = Tensor([0, 5, 0, 0], shape: [2, 2])
    let best = try field.bestTags(.zeros([2, 1, 2]))[0]
    #expect(best.labels == [0, 1] && best.score == 5)
  }

  @Test func parametersAreNamedAsThoseOfPytorchCRF() {
    let parameters = ConditionalRandomField<Float>(tagCount: 4).parameters
    #expect(parameters.map(\.name) == ["start_transitions", "end_transitions", "transitions"])
    #expect(parameters.map(\.parameter.shape) == [[4], [4], [4, 4]])
  }

  @Test func longSequencesNeitherOverflowNorUnderflow() throws {
    var field = field(seed: 7)
    field.updateParameters { parameter, _ in parameter.value = .zeros(parameter.shape) }
    for emission in [-100.0, 100] {
      let targets = try TagSequences([Array(repeating: 1, count: 2000)], tagCount: tagCount)
      let loss = loss(field, .full([2000, 1, tagCount], emission), targets, .sum)[0]
      #expect(abs(loss - 2000 * log(3)) < 1e-8)
    }
  }

  /// A large negative score forbids a transition.
  @Test func aForbiddenTransitionHasNoProbability() throws {
    var field = field(seed: 8)
    field.transitions.value[0, 1] = -1e9
    let x = Tensor<Double>.zeros([2, 1, tagCount])
    #expect(try field.bestTags(x)[0].labels != [0, 1])
    #expect(try loss(field, x, TagSequences([[0, 1]], tagCount: tagCount), .sum)[0] > 9e8)
    #expect(try loss(field, x, TagSequences([[0, 2]], tagCount: tagCount), .sum)[0] < 10)
  }

  @Test(
    arguments: [
      ([], .noSequences), ([[1], []], .noTags(sequence: 1)),
      ([[0, 3]], .outOfRange(sequence: 0, position: 1, label: 3, classes: 3)),
    ] as [([[Int32]], LabellingError)])
  func tagsThatCannotBeTargetsAreRefused(tags: [[Int32]], error: LabellingError) {
    #expect(throws: error) { try TagSequences(tags, tagCount: 3) }
    #expect(!error.description.contains("\n"))
  }

  @Test func anEmissionThatIsNotANumberIsRefused() {
    var x = emissions(seed: 9)
    x[3, 2, 0] = .nan
    #expect(throws: LabellingError.unsoundScore(sequence: 2, step: 3)) { try field(seed: 9).bestTags(x) }
    #expect(throws: LabellingError.unsoundScore(sequence: 2, step: 3)) { try field(seed: 9).marginals(x) }
  }

  @Test(arguments: [Double.nan, .infinity])
  func aTransitionThatIsNotANumberIsRefused(score: Double) {
    let x = emissions(seed: 9)
    for keyPath in [\ConditionalRandomField<Double>.transitions, \.startTransitions, \.endTransitions] {
      var field = field(seed: 9)
      var values = field[keyPath: keyPath].value.scalars
      values[1] = score
      field[keyPath: keyPath].value = Tensor(values, shape: field[keyPath: keyPath].value.shape)
      #expect(throws: LabellingError.unsoundTransition) { try field.bestTags(x) }
      #expect(throws: LabellingError.unsoundTransition) { try field.marginals(x) }
    }
  }

  /// Where all transitions are ruled out, a sequence of one step still has tags.
  @Test func aSequenceWithoutAPathIsRefused() throws {
    var field = field(seed: 9)
    field.transitions.value = .full([tagCount, tagCount], -.infinity)
    let x = Tensor<Double>.zeros([2, 2, tagCount])
    let lengths = try SequenceLengths([1, 2], time: 2)
    #expect(throws: LabellingError.noPath(sequence: 1)) { try field.bestTags(x, lengths: lengths) }
    #expect(throws: LabellingError.noPath(sequence: 1)) { try field.marginals(x, lengths: lengths) }
    #expect(try field.bestTags(x.slice(axis: 0, 0..<1))[0].score.isFinite)
  }

  @Test func targetsOfOtherTagsTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      var context = ForwardContext<Float>()
      let field = ConditionalRandomField<Float>(tagCount: 3).drawn(using: &random)
      _ = field.loss(Variable(.zeros([1, 1, 3])), targets: try TagSequences([[0]], tagCount: 2), in: &context)
    }
    expectMessage("ConditionalRandomField.loss: targets with tagCount 2 for a field with tagCount 3", from: result)
  }

  @Test func decodingWithoutValuesTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try ConditionalRandomField<Float>(tagCount: 3).bestTags(.zeros([1, 1, 3]))
    }
    expectMessage("parameters are used before their values were drawn", from: result)
  }
}
