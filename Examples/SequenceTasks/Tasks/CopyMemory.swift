import Foundation
import SequenceModeling

extension SequenceTask {
  /// The copy memory task (Hochreiter and Schmidhuber, 1997, in the form of Arjovsky, Shah and Bengio, 2016).
  package static let copyMemory = SequenceTask(
    name: "copy",
    summary: "10 symbols of 8, to be said again 20 steps later"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 8), brief: (2600, 96), full: (4000, 128))
    var random = RandomSource(seed: seed)
    let batches = (0..<steps).map { _ in CopyBatch(count: 32, delay: 20, using: &random) }
    let cell = GRUCell<Float>(
      input: CopyBatch.symbols, hidden: units, inputWeight: .oneHot(CopyBatch.symbols)
    ).keeping(0.88)
    let net = try SequenceNet(cell, outputs: CopyBatch.symbols).drawn(using: &random)
      .trained(on: batches, steps: steps, learningRate: 0.015) { $1.loss(of: $0, in: &$2) }
    var context = ForwardContext<Float>()
    let loss = Double(
      CopyBatch(count: effort.unseen, delay: 20, using: &random).loss(of: net, in: &context).value.scalar)
    // Without memory, each of the ten symbols is a guess among 8, and all other outputs are certain.
    let guessing = 10 * log(8.0) / Double(20 + 20)
    return [Finding(quantity: "loss in nats", value: loss, bound: .below(guessing / 10), baseline: guessing)]
  }
}

/// A batch of the copy task. Inputs: ten symbols out of eight, blanks, a start sign, and ten more blanks. Targets: blanks,
/// then the ten symbols.
package struct CopyBatch {
  package static let symbols = 10
  private static let (blank, sign) = (Int32(8), Int32(9))

  package let inputs: TokenGrid
  package let targets: TokenGrid

  /// - Parameter delay: steps from the last symbol to the start sign, which is included.
  package init(count: Int, delay: Int, using random: inout RandomSource) {
    let memories = (0..<count).map { _ in (0..<10).map { _ in Int32(random.number(below: 8)) } }
    func blanks(_ count: Int) -> [Int32] { Array(repeating: Self.blank, count: count) }
    inputs = TokenGrid(padding: memories.map { $0 + blanks(delay - 1) + [Self.sign] + blanks(10) })
    targets = TokenGrid(padding: memories.map { blanks(delay + 10) + $0 })
  }

  func loss<Cell>(of net: SequenceNet<Cell>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    softmaxCrossEntropy(net.answers(to: .tokens(inputs), in: &context), targets: targets.ids, in: context)
  }
}
