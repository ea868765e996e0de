import SequenceModeling

extension SequenceTask {
  /// Tagging of segments whose limits lie on both sides, with a conditional random field and without one.
  package static let tagging = SequenceTask(
    name: "tagging",
    summary: "words between an opener and one of two closers: which tag each word has"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 4), brief: (300, 24), full: (1000, 32))
    var random = RandomSource(seed: seed)
    let batches = try (0..<steps).map { _ in try TaggedBatch(count: 32, using: &random) }
    let unseen = try TaggedBatch(count: effort.unseen, using: &random)
    let tagger = Tagger(units: units).drawn(using: &random)
    return try [
      ("with the random field", true), ("without", false),
    ].map { name, isJoint in
      let trained = try tagger.trained(on: batches, steps: steps, learningRate: 0.01) {
        $0.loss(on: $1, isJoint: isJoint, in: &$2)
      }
      let told = try trained.tags(of: unseen, isJoint: isJoint)
      let right = zip(told.joined(), unseen.tags.tags.joined()).map(==).share { $0 }
      return Finding(
        quantity: "share of tags told rightly \(name)", value: right, bound: .atLeast(0.99), baseline: unseen.wordsAlone
      )
    }
  }
}

/// A bidirectional recurrent tagger (Lample et al., 2016).
private struct Tagger: Module {
  typealias Scalar = Float

  var words = Embedding<Float>(tokens: SegmentGrammar.words, features: 8)
  var stack: StackedRecurrent<GRUCell<Float>>
  var decoder: Dense<Float>
  var field = ConditionalRandomField<Float>(tagCount: SegmentGrammar.tags)

  init(units: Int) {
    stack = StackedRecurrent([GRUCell(input: 8, hidden: units)], reverse: [GRUCell(input: 8, hidden: units)])
    decoder = Dense(stack.outputSize, SegmentGrammar.tags)
  }

  private func emissions(for batch: TaggedBatch, in context: inout ForwardContext<Float>) -> Variable<Float> {
    let words = SequenceInput.embedded(
      batch.words, table: context.variable(words.weight), lengths: batch.tags.lengths)
    return decoder(stack.run(words, in: &context).outputs, in: &context)
  }

  /// - Parameter isJoint: whether tags are told together, by the random field, or each by itself.
  func loss(on batch: TaggedBatch, isJoint: Bool, in context: inout ForwardContext<Float>) -> Variable<Float> {
    let emissions = emissions(for: batch, in: &context)
    if isJoint { return field.loss(emissions, targets: batch.tags, reduction: .tokenMean, in: &context) }
    let tags = batch.tags.lengths.packed(TokenGrid(padding: batch.tags.tags))
    return softmaxCrossEntropy(batch.tags.lengths.packed(emissions), targets: tags, in: context)
  }

  func tags(of batch: TaggedBatch, isJoint: Bool) throws -> [[Int32]] {
    var context = ForwardContext<Float>()
    let emissions = emissions(for: batch, in: &context).value
    let lengths = batch.tags.lengths
    if isJoint { return try field.bestTags(emissions, lengths: lengths).map(\.labels) }
    return lengths.steps.enumerated().map { sequence, steps in
      emissions.slice(axis: 1, sequence..<sequence + 1).slice(axis: 0, 0..<steps).argmax()
    }
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&words, "encoder")
    try visitor.visit(&stack, "rnn")
    try visitor.visit(&decoder, "decoder")
    try visitor.visit(&field, "crf")
  }
}

/// A language of plain words, an opener, two closers and a stop. An opener and the plain words between it and the next sign are a
/// segment if that sign is a closer, of its kind; all else is outside. Neither side alone tells what a plain word is.
package enum SegmentGrammar {
  /// Words: plain ones, then these signs.
  package static let plain = 6
  package static let (opener, closers, stop) = (Int32(6), [Int32(7), 8], Int32(9))
  package static let words = 10
  /// Tags: outside; and first word or other word of a segment of either kind, as 1 and 2, 3 and 4.
  package static let tags = 5

  /// A sentence of 8 to 20 words, of which about three of ten are signs, most of them openers and closers.
  package static func sentence(using random: inout RandomSource) -> [Int32] {
    let signs = [opener, opener, opener] + closers + closers + [stop]
    return (0..<8 + random.number(below: 13)).map { _ in
      random.number(below: 10) < 3 ? signs[random.number(below: signs.count)] : Int32(random.number(below: plain))
    }
  }

  package static func tags(of sentence: [Int32]) -> [Int32] {
    var tags = [Int32](repeating: 0, count: sentence.count)
    var start: Int?
    for (place, word) in sentence.enumerated() where word >= plain {
      if let start, let kind = closers.firstIndex(of: word) {
        for inside in start..<place { tags[inside] = Int32(2 * kind + (inside == start ? 1 : 2)) }
      }
      start = word == opener ? place : nil
    }
    return tags
  }
}

package struct TaggedBatch {
  let words: TokenGrid
  let tags: TagSequences

  init(count: Int, using random: inout RandomSource) throws {
    let sentences = (0..<count).map { _ in SegmentGrammar.sentence(using: &random) }
    words = TokenGrid(padding: sentences)
    tags = try TagSequences(sentences.map(SegmentGrammar.tags), tagCount: SegmentGrammar.tags)
  }

  /// Share of tags that the commonest tag of each word gets right.
  var wordsAlone: Double {
    var counts = [[Double]](
      repeating: Array(repeating: 0, count: SegmentGrammar.tags), count: SegmentGrammar.words)
    for (word, tag) in zip(tags.lengths.packed(words), tags.lengths.packed(TokenGrid(padding: tags.tags))) {
      counts[Int(word)][Int(tag)] += 1
    }
    return counts.reduce(0) { $0 + $1.max()! } / counts.joined().reduce(0, +)
  }
}
