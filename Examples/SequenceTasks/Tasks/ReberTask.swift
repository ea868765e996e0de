import SequenceModeling

extension SequenceTask {
  /// A language model of the embedded Reber grammar.
  package static let reberGrammar = SequenceTask(
    name: "reber",
    summary: "strings of the embedded Reber grammar: the symbols that may come next"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 8), brief: (5000, 32), full: (12000, 48))
    let grammar = ReberGrammar()
    let symbols = ReberGrammar.symbols.count
    var random = RandomSource(seed: seed)
    func strings(_ count: Int) -> [[Int32]] { (0..<count).map { _ in grammar.string(using: &random) } }
    let batches = try (0..<steps).map { _ in try LanguageBatch(strings(32)) }
    let cell = LSTMCell<Float>(input: symbols, hidden: units, inputWeight: .oneHot(symbols))
    let net = try SequenceNet(cell, outputs: symbols).drawn(using: &random)
      .trained(on: batches, steps: steps, learningRate: 0.03) { $1.loss(of: $0, in: &$2) }

    let written = net.texts(effort.unseen, length: 100, from: 0, using: &random)
    let right = strings(effort.unseen).flatMap { string in
      let predicted = net.probabilities(along: string.dropLast())
      return zip(grammar.states(of: string), 0..<string.count - 1).map { state, step in
        let likely = (0..<symbols).filter { predicted[step, $0] > 0.1 }
        return Set(likely.map { Int32($0) }) == grammar.allowed(in: state)
      }
    }
    return [
      Finding(
        quantity: "share of valid strings among those generated", value: written.share(where: grammar.allowsBeginning),
        bound: .atLeast(0.99), baseline: 0),
      Finding(
        quantity: "share of places where exactly the symbols allowed have a probability above 0.1",
        value: right.share { $0 }, bound: .atLeast(1), baseline: 0),
    ]
  }
}
