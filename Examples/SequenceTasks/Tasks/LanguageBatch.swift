import SequenceModeling

/// A batch of strings of different lengths, with a target after each symbol.
package struct LanguageBatch {
  package let inputs: TokenGrid
  package let targets: TokenGrid
  package let lengths: SequenceLengths

  /// - Parameter targets: one for each input symbol.
  init(_ inputs: [[Int32]], targets: [[Int32]]) throws {
    self.inputs = TokenGrid(padding: inputs)
    self.targets = TokenGrid(padding: targets)
    lengths = try SequenceLengths(of: inputs)
  }

  /// A batch for a language model: the target is the next symbol.
  ///
  /// - Parameter strings: at least two symbols each.
  package init(_ strings: [[Int32]]) throws {
    try self.init(strings.map { $0.dropLast() }, targets: strings.map { Array($0.dropFirst()) })
  }

  func loss<Cell>(of net: SequenceNet<Cell>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    let logits = net.answers(to: .tokens(inputs, lengths: lengths), in: &context)
    return softmaxCrossEntropy(logits, targets: lengths.packed(targets), in: context)
  }
}

extension SequenceNet {
  /// The predicted probabilities after each symbol of a string, [steps, answers].
  func probabilities(along string: [Int32]) -> Tensor<Float> {
    var context = ForwardContext<Float>()
    let grid = TokenGrid(ids: string, time: string.count, batch: 1)
    return answers(to: .tokens(grid), in: &context).value.softmax().reshaped([string.count, -1])
  }

  /// Strings sampled from the net, starting with a given symbol.
  func texts(_ count: Int, length: Int, from first: Int32, using random: inout RandomSource) -> [[Int32]] {
    var context = ForwardContext<Float>()
    var texts = Array(repeating: [first], count: count)
    var state: [Cell.State]?
    for _ in 1..<length {
      let logits: Tensor<Float>
      (logits, state) = answer(toNext: texts.map { $0.last! }, from: state, in: &context)
      let probabilities = logits.softmax()
      for index in texts.indices { texts[index].append(random.index(drawnBy: probabilities.row(index).scalars)) }
    }
    return texts
  }
}

extension RandomSource {
  /// An index drawn from a categorical distribution.
  fileprivate mutating func index(drawnBy probabilities: [Float]) -> Int32 {
    var rest = Float(uniform())
    for (index, probability) in probabilities.enumerated() {
      rest -= probability
      if rest < 0 { return Int32(index) }
    }
    return Int32(probabilities.count - 1)
  }
}
