import SequenceModeling

extension SequenceTask {
  /// The language aⁿbⁿ (Gers and Schmidhuber, 2001): predict the next symbol. After the first b this requires a count.
  package static let counting = SequenceTask(
    name: "counting",
    summary: "as many b as there were a: learned up to n = 20, right up to n = 40"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 4), brief: (3000, 8), full: (8000, 8))
    var random = RandomSource(seed: seed)
    let batch = try LanguageBatch((1...20).map(countingString), targets: (1...20).map(countingAnswers))
    // A forget gate near 1 keeps the count without loss.
    let cell = LSTMCell<Float>(
      input: 2, hidden: units, forgetBias: bias(keeping: 0.993), inputWeight: .oneHot(2))
    let net = try SequenceNet(cell, outputs: 3).drawn(using: &random)
      .trained(on: [batch], steps: steps, learningRate: 0.02) { $1.loss(of: $0, in: &$2) }
    return [1...20, 21...40].map { range in
      let right = range.share { net.probabilities(along: countingString($0)).argmax() == countingAnswers($0) }
      return Finding(
        quantity: "share of strings right to the end, for n in \(range)", value: right, bound: .atLeast(1), baseline: 0)
    }
  }
}

/// The string aⁿbⁿ, with a as 0 and b as 1.
private func countingString(_ n: Int) -> [Int32] { repeated(0, n) + repeated(1, n) }

/// The target after each symbol: 0 after an a (either symbol may follow), 1 after a b that is not the last, 2 (the end)
/// after the last.
private func countingAnswers(_ n: Int) -> [Int32] { repeated(0, n) + repeated(1, n - 1) + [2] }

private func repeated(_ symbol: Int32, _ count: Int) -> [Int32] { Array(repeating: symbol, count: count) }
