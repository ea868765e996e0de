import SequenceModeling

extension SequenceTask {
  /// The adding problem (Hochreiter and Schmidhuber, 1997).
  package static let addingProblem = SequenceTask(
    name: "adding",
    summary: "of 100 random numbers two are marked: their sum, after the last"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 8), brief: (1000, 32), full: (2500, 64))
    var random = RandomSource(seed: seed)
    let batches = (0..<steps).map { _ in AddingBatch(count: 32, time: 100, using: &random) }
    let unseen = AddingBatch(count: effort.unseen, time: 100, using: &random)
    func error<Cell: RecurrentCell<Float>>(of cell: Cell) throws -> Double {
      let net = try SequenceNet(cell, outputs: 1).drawn(using: &random)
        .trained(on: batches, steps: steps, learningRate: 0.01) { $1.error(of: $0, in: &$2) }
      var context = ForwardContext<Float>()
      return Double(unseen.error(of: net, in: &context).value.scalar)
    }
    return try [
      ("LSTM", error(of: LSTMCell(input: 2, hidden: units, forgetBias: bias(keeping: 0.88)))),
      ("GRU", error(of: GRUCell(input: 2, hidden: units))),
    ].map { name, error in
      Finding(quantity: "mean squared error of \(name)", value: error, bound: .below(0.01), baseline: 1.0 / 6)
    }
  }
}

/// A batch of the adding problem. Each step has a number in 0..<1 and a mark; one step in each half is marked 1, all others
/// 0. The target is the sum of the two marked numbers.
package struct AddingBatch {
  /// Numbers and marks, [time, batch, 2].
  package let inputs: Tensor<Float>
  /// Targets, [batch, 1].
  package let sums: Tensor<Float>

  package init(count: Int, time: Int, using random: inout RandomSource) {
    var inputs = [Float](repeating: 0, count: time * count * 2)
    for place in 0..<time * count { inputs[place * 2] = Float(random.uniform()) }
    var sums = [Float](repeating: 0, count: count)
    for sequence in 0..<count {
      for half in [0..<time / 2, time / 2..<time] {
        let place = (half.lowerBound + random.number(below: half.count)) * count + sequence
        inputs[place * 2 + 1] = 1
        sums[sequence] += inputs[place * 2]
      }
    }
    self.inputs = Tensor(inputs, shape: [time, count, 2])
    self.sums = Tensor(sums, shape: [count, 1])
  }

  func error<Cell>(of net: SequenceNet<Cell>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    meanSquaredError(net.answer(to: .vectors(Variable(inputs)), in: &context), Variable(sums))
  }
}
