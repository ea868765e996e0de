import Autograd
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct TruncatedWindowsTests {
  private static let tokens = TokenSequence((0..<402).map { Int32($0 * $0 % 7) })

  private func windows(
    batch: Int = 2, length: Int = 8, backward: Int? = nil, seed: UInt64? = nil
  ) throws -> TruncatedWindows {
    let streams = try ContiguousBatches(Self.tokens, in: 0..<402, batch: batch, length: length)
    return TruncatedWindows(streams, backwardLength: backward, variation: seed.map { RandomSource(seed: $0) })
  }

  /// An epoch learns from each step once, in order, and gradients flow back as far as they are to.
  @Test func anEpochLearnsFromEachStepOnceInOrder() throws {
    for length in [8, 9, 20] {
      for backward in [nil, 1, 7, 8, 11, 50, 1000] {
        for seed in [nil, 3] as [UInt64?] {
          let windows = try windows(length: length, backward: backward, seed: seed)
          for epoch in 0..<3 {
            var reached = 0
            var carried: Int? = 0
            for index in 0..<windows.perEpoch {
              let window = windows.window(epoch * windows.perEpoch + index)
              #expect(window.new.lowerBound == reached && !window.new.isEmpty)
              reached = window.new.upperBound
              #expect(window.steps.lowerBound == carried)
              let back = max(backward ?? 0, window.new.count)
              #expect(window.steps == max(0, reached - back)..<reached)
              let parts = zip(window.borders, window.borders.dropFirst()).map { $1 - $0 }
              #expect(parts.allSatisfy { $0 > 0 } && window.borders.last == reached)
              if let backward, backward < window.new.count {
                #expect(window.isTruncated && parts.allSatisfy { $0 <= backward })
                if seed == nil { #expect(parts.dropLast().allSatisfy { $0 == backward }) }
              } else {
                #expect(!window.isTruncated && parts.count <= 2)
              }
              if let next = window.next { #expect(window.borders.contains(next)) }
              carried = window.next
            }
            #expect(reached == windows.perEpoch * length && carried == nil)
          }
        }
      }
    }
  }

  /// Lengths that vary are between a half and one and a half, those of each epoch its own, the same for the same seed.
  @Test func lengthsThatVaryAreBetweenAHalfAndOneAndAHalf() throws {
    func lengths(_ windows: TruncatedWindows, epoch: Int) -> [Int] {
      (0..<windows.perEpoch).map { windows.window(epoch * windows.perEpoch + $0).new.count }
    }
    for length in [8, 16, 25] {
      let windows = try windows(length: length, seed: 1)
      let epochs = (0..<5).map { lengths(windows, epoch: $0) }
      #expect(Set(epochs).count > 1)
      #expect(epochs.joined().allSatisfy { (length / 2...length * 3 / 2).contains($0) })
      #expect(Set(epochs.joined()).count > 2)
      #expect(try epochs == (0..<5).map { lengths(try self.windows(length: length, seed: 1), epoch: $0) })
      #expect(try epochs[0] != lengths(self.windows(length: length, seed: 2), epoch: 0))
    }
  }

  private static let model = CharacterModel<Double>.sample(.small(.lstm) { $0.vocabulary = 7 }).bound()
  private static let dropping = CharacterModel<Double>.sample(
    .small(.lstm) { ($0.layers, $0.vocabulary, $0.dropout) = (1, 7, 0.5) }
  ).bound()

  /// The gradients of a task's first steps, by parameter, and the losses.
  private func training(
    _ windows: TruncatedWindows, steps: Int
  ) -> [(loss: Double, gradients: [Tensor<Double>])] {
    var task = CharacterTask<Double>(Self.model, windows: windows, validation: nil)
    return (0..<steps).map { step in
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape, mode: .training)
      let loss = task.loss(of: Self.model, step: step, in: &context)
      return (loss.value.scalar, gradients(of: loss))
    }
  }

  private func gradients(of loss: Variable<Double>) -> [Tensor<Double>] {
    let gradients = loss.gradients()
    return Self.model.parameters.map { gradients[$0.parameter]! }
  }

  /// The mean loss of some steps of the streams, read from a step further back and the state before that.
  private func expected(
    _ steps: Range<Int>, from start: Int, batch: Int = 2
  ) throws -> (loss: Double, gradients: [Tensor<Double>]) {
    let streams = try ContiguousBatches(Self.tokens, in: 0..<402, batch: batch, length: 8)
    func grid(_ range: Range<Int>) -> TokenGrid {
      TokenGrid(ids: streams.window(range).inputs, time: range.count, batch: batch)
    }
    var plain = ForwardContext<Double>()
    let state = start == 0 ? nil : Self.model(grid(0..<start), in: &plain).state
    var context = ForwardContext(tape: Tape<Double>(), mode: .training)
    let (logits, _) = Self.model(grid(start..<steps.upperBound), from: state, in: &context)
    let own = logits.slice(axis: 0, steps.lowerBound - start..<steps.upperBound - start)
    let loss = softmaxCrossEntropy(own, targets: streams.window(steps).targets, in: context)
    return (loss.value.scalar, gradients(of: loss))
  }

  private func difference(_ a: [Tensor<Double>], _ b: [Tensor<Double>]) -> Double {
    zip(a, b).flatMap { zip($0.scalars, $1.scalars).map { abs($0 - $1) } }.max()!
  }

  /// A longer backward length gives the gradients of the new steps through all that are read.
  @Test(arguments: [8, 9, 12, 20, 30])
  func aLongerBackwardLengthGivesTheGradientsOfTheNewSteps(backward: Int) throws {
    for (step, result) in training(try windows(backward: backward), steps: 6).enumerated() {
      let end = (step + 1) * 8
      let expected = try expected(step * 8..<end, from: max(0, end - backward))
      #expect(abs(result.loss - expected.loss) < 1e-12)
      #expect(difference(result.gradients, expected.gradients) < 1e-12, "step \(step)")
    }
  }

  @Test(arguments: [nil, 12, 40] as [Int?])
  func soItDoesWhereLengthsVary(backward: Int?) throws {
    let windows = try windows(backward: backward, seed: 5)
    for (step, result) in training(windows, steps: 6).enumerated() {
      let window = windows.window(step)
      let expected = try expected(window.new, from: window.steps.lowerBound)
      #expect(abs(result.loss - expected.loss) < 1e-12)
      #expect(difference(result.gradients, expected.gradients) < 1e-12, "step \(step)")
    }
  }

  @Test(arguments: [1, 3, 4, 7])
  func aShorterOneGivesTheMeanOfItsPartsGradients(backward: Int) throws {
    for (step, result) in training(try windows(backward: backward), steps: 4).enumerated() {
      var sum: [Tensor<Double>]?
      for start in stride(from: step * 8, to: (step + 1) * 8, by: backward) {
        let steps = start..<min(start + backward, (step + 1) * 8)
        let part = try expected(steps, from: start).gradients.map { $0 * (Double(steps.count) / 8) }
        sum = sum.map { zip($0, part).map { $0 + $1 } } ?? part
      }
      #expect(difference(result.gradients, sum!) < 1e-12, "step \(step)")
    }
  }

  @Test(arguments: ModelShape.refined)
  func howeverAWindowIsCutItDrawsAtRandomWhatItDrawsInOne(shape: ModelShape) throws {
    var shape = shape
    (shape.vocabulary, shape.dropout) = (7, shape.lockedDropout > 0 ? 0 : 0.3)
    let model = CharacterModel<Double>.sample(shape).bound()
    func loss(backward: Int?) throws -> Double {
      var task = CharacterTask<Double>(model, windows: try windows(backward: backward), validation: nil)
      var context = ForwardContext(tape: Tape<Double>(), mode: .training, random: RandomSource(seed: 4))
      return task.loss(of: model, step: 0, in: &context).value.scalar
    }
    let whole = try loss(backward: nil)
    for backward in [1, 3, 4, 12] { #expect(abs(try loss(backward: backward) - whole) < 1e-12, "\(backward)") }
  }

  /// Penalties are for the outputs of the new steps alone: of large ones after dropout, of changes before it.
  @Test func penaltiesAreForTheOutputsOfTheNewStepsAlone() throws {
    let streams = try ContiguousBatches(Self.tokens, in: 0..<402, batch: 2, length: 8)
    let penalties = ActivationPenalties(activation: 2, temporal: 3)
    let windows = try windows(backward: 12)
    var (plain, penalized) = (
      CharacterTask<Double>(Self.dropping, windows: windows, validation: nil),
      CharacterTask<Double>(
        Self.dropping, windows: windows, validation: nil, penalties: penalties)
    )
    for step in 0..<3 {
      func context() -> ForwardContext<Double> {
        ForwardContext(tape: Tape<Double>(), mode: .training, random: RandomSource(seed: UInt64(step)))
      }
      var contexts = [context(), context(), context()]
      let losses = [
        penalized.loss(of: Self.dropping, step: step, in: &contexts[0]).value.scalar,
        plain.loss(of: Self.dropping, step: step, in: &contexts[1]).value.scalar,
      ]
      #expect(losses[0] == losses[1], "penalties stand beside the loss")
      #expect(contexts[1].penalties.isEmpty)
      let added = contexts[0].penalties.reduce(0) { $0 + $1.value.scalar }
      let steps = step * 8..<(step + 1) * 8
      let grid = TokenGrid(ids: streams.window(0..<steps.upperBound).inputs, time: steps.upperBound, batch: 2)
      let outputs = Self.dropping.read(grid, from: nil, in: &contexts[2]).outputs.slice(axis: 0, steps)
      let dropped = Self.dropping.droppingUnits(of: outputs, in: &contexts[2])
      let expected =
        activationRegularization(dropped, weight: 2).value.scalar
        + temporalActivationRegularization(outputs, weight: 3).value.scalar
      #expect(abs(added - expected) < 1e-12 && added > 0)
    }
  }
}
