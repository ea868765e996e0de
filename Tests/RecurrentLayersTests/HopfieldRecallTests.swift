import CharrnnTestSupport
import RecurrentLayers
import TensorCore
import Testing

@Suite struct HopfieldRecallTests {
  /// The mean overlap of stored patterns with what 500 units make of them after a tenth of the bits was flipped, over
  /// some seeds and ten patterns of each.
  private func meanOverlap(patterns count: Int, rule: HopfieldNetwork<Float>.LearningRule) -> Double {
    var total = 0.0
    let seeds = amount(debug: 3, release: 10)
    for seed in 1...UInt64(seeds) {
      var random = RandomSource(seed: seed)
      let patterns = Tensor<Float>.randomPatterns(count, units: 500, using: &random)
      let network = HopfieldNetwork(learning: patterns, rule: rule)
      for index in 0..<10 {
        let pattern = patterns.row(index)
        let cue = pattern.flipping(50, using: &random)
        total += network.settle(cue, using: &random).state.overlap(with: pattern)
      }
    }
    return total / Double(10 * seeds)
  }

  @Test func hebbianRecallHoldsBelowTheCapacity() {
    let overlap = meanOverlap(patterns: 25, rule: .hebbian)
    #expect(overlap >= 0.98)
  }

  @Test func hebbianRecallBreaksAboveTheCapacity() {
    let overlap = meanOverlap(patterns: 100, rule: .hebbian)
    #expect(overlap < 0.8)
  }

  @Test func thePseudoInverseRecallsWhereHebbianLearningBreaks() {
    let overlap = meanOverlap(patterns: 100, rule: .pseudoInverse)
    #expect(overlap >= 0.98)
  }

  @Test func hebbianWeightsAreMeanProductsOfThePatterns() {
    for (count, units) in [(0, 3), (1, 1), (1, 4), (3, 8), (5, 7)] {
      var random = RandomSource(seed: 1)
      let patterns = Tensor<Double>.randomPatterns(count, units: units, using: &random)
      let weights = HopfieldNetwork(learning: patterns).weights
      for i in 0..<units {
        for j in 0..<units {
          let sum = (0..<count).reduce(0) { $0 + patterns[$1, i] * patterns[$1, j] }
          #expect(weights[i, j] == (i == j ? 0 : sum / Double(units)))
        }
      }
    }
  }

  /// With P the projection, hᵢ ξᵢ = 1 − pᵢᵢ for every pattern alike, and the trace of P is the number of independent ones.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func pseudoInverseWeightsProjectOntoThePatterns(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for (count, units) in [(1, 2), (3, 20), (8, 20), (20, 50)] {
      let patterns = Tensor<Double>.randomPatterns(count, units: units, using: &random)
      let repeated = Tensor.concatenate([patterns, -patterns, patterns.rows(0..<1)])
      let network = HopfieldNetwork(learning: patterns, rule: .pseudoInverse)
      let same = HopfieldNetwork(learning: repeated, rule: .pseudoInverse)
      #expect((network.weights - same.weights).absolute().max().scalar < 1e-12, "seed \(seed)")
      let agreements = (0..<count).map { network.fields(of: patterns.row($0)) * patterns.row($0) }
      for agreement in agreements {
        #expect((agreement - agreements[0]).absolute().max().scalar < 1e-12, "seed \(seed)")
        #expect(agreement.min().scalar > -1e-12, "seed \(seed)")
      }
      #expect(abs((1 - agreements[0]).sum().scalar - Double(count)) < 1e-10, "seed \(seed), \(count) of \(units)")
    }
  }

  @Test func aPatternThatOthersSpanAddsNothing() {
    let patterns = Tensor<Double>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, 1, 1, 1, 1, 1, -1], shape: [3, 6])
    let spanned = patterns.rows(0..<1) + patterns.rows(1..<2) - patterns.rows(2..<3)
    let all = HopfieldNetwork(learning: .concatenate([patterns, spanned]), rule: .pseudoInverse)
    let some = HopfieldNetwork(learning: patterns, rule: .pseudoInverse)
    #expect((all.weights - some.weights).absolute().max().scalar < 1e-12)
  }

  @Test(arguments: HopfieldNetwork<Float>.LearningRule.allCases)
  func storedPatternsAreFixedPoints(rule: HopfieldNetwork<Float>.LearningRule) {
    for seed: UInt64 in 1...5 {
      for count in rule == .hebbian ? [1, 3, 5] : [1, 20, 80] {
        var random = RandomSource(seed: seed)
        let patterns = Tensor<Float>.randomPatterns(count, units: 200, using: &random)
        let network = HopfieldNetwork(learning: patterns, rule: rule)
        for index in 0..<count {
          let settled = network.settle(patterns.row(index), using: &random)
          #expect(settled.state == patterns.row(index), "seed \(seed), pattern \(index) of \(count)")
          #expect(settled.outcome == .stable && settled.sweeps == 1)
        }
      }
    }
  }

  @Test func thePseudoInverseTellsCorrelatedPatternsApart() {
    var random = RandomSource(seed: 9)
    let original = Tensor<Double>.randomPatterns(1, units: 200, using: &random).row(0)
    let patterns = Tensor.stack((0..<10).map { _ in original.flipping(30, using: &random) })
    let overlaps = HopfieldNetwork<Double>.LearningRule.allCases.map { rule in
      let network = HopfieldNetwork(learning: patterns, rule: rule)
      return (0..<10).map { network.settle(patterns.row($0), using: &random).state.overlap(with: patterns.row($0)) }
    }
    #expect(overlaps[0].allSatisfy { $0 < 0.9 }, "the Hebbian rule leads to what they share")
    #expect(overlaps[1].allSatisfy { $0 == 1 })
  }

  @Test func overlapIsTheShareOfEqualElementsLessThatOfOthers() {
    let state = Tensor<Float>.bipolar([true, false, true, true])
    #expect(state == Tensor([1, -1, 1, 1], shape: [4]))
    #expect(state.overlap(with: state) == 1)
    #expect(state.overlap(with: -state) == -1)
    var random = RandomSource(seed: 1)
    for flips in 0...4 {
      #expect(state.flipping(flips, using: &random).overlap(with: state) == 1 - Double(flips) / 2)
    }
  }
}
