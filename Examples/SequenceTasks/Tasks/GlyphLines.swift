import SequenceModeling

extension SequenceTask {
  /// Reading of drawn lines without knowing where a letter is (Graves, Fernández, Gomez and Schmidhuber, 2006).
  package static let glyphLines = SequenceTask(
    name: "glyphs",
    summary: "a noisy line of 3 to 8 drawn letters, column by column: the letters, whose places are not given"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 4), brief: (600, 32), full: (1500, 48))
    var random = RandomSource(seed: seed)
    let batches = try (0..<steps).map { _ in try LineBatch(count: 32, using: &random) }
    let unseen = try LineBatch(count: effort.unseen, using: &random)
    let reader = try LineReader(units: units).drawn(using: &random)
      .trained(on: batches, steps: steps, learningRate: 0.01) { $0.loss(on: $1, in: &$2) }
    let scores = reader.logProbabilities(of: unseen)
    let bestPaths = try CTCDecoder().bestPath(scores, lengths: unseen.lengths)
    let beams = try CTCDecoder().beamSearch(scores, lengths: unseen.lengths, width: 8)
    return [("best path", bestPaths), ("beam search", beams.map { $0[0] })].map { name, read in
      Finding(
        quantity: "label error rate by \(name)", value: unseen.errorRate(of: read.map(\.labels)), bound: .below(0.02),
        baseline: 1)
    }
  }
}

/// A bidirectional reader of columns.
private struct LineReader: Module {
  typealias Scalar = Float

  var stack: StackedRecurrent<GRUCell<Float>>
  var decoder: Dense<Float>

  init(units: Int) {
    let cell = GRUCell<Float>(input: LineBatch.height, hidden: units)
    stack = StackedRecurrent([cell], reverse: [cell])
    decoder = Dense(stack.outputSize, LineBatch.classes)
  }

  private func logits(for batch: LineBatch, in context: inout ForwardContext<Float>) -> Variable<Float> {
    let columns = SequenceInput.vectors(Variable(batch.columns), lengths: batch.lengths)
    return decoder(stack.run(columns, in: &context).outputs, in: &context)
  }

  func loss(on batch: LineBatch, in context: inout ForwardContext<Float>) -> Variable<Float> {
    ctcLossFromLogits(logits(for: batch, in: &context), targets: batch.targets, lengths: batch.lengths)
  }

  func logProbabilities(of batch: LineBatch) -> Tensor<Float> {
    var context = ForwardContext<Float>()
    return logits(for: batch, in: &context).value.logSoftmax()
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&stack, "rnn")
    try visitor.visit(&decoder, "decoder")
  }
}

/// Drawn lines of letters. Each column of a letter stands once or twice; letters are one to four columns apart and up to a point
/// too high or too low; points are grey, with noise.
package struct LineBatch {
  /// Points of a column: a letter's and one above and below.
  package static let height = GlyphFont.height + 2
  /// The blank and the letters, counted from 1.
  package static let classes = GlyphFont.columns.count + 1

  /// [time, batch, height].
  package let columns: Tensor<Float>
  package let lengths: SequenceLengths
  package let targets: CTCTargets

  package init(count: Int, noise: Double = 0.25, using random: inout RandomSource) throws {
    var (lines, labels) = ([[Float]](), [[Int32]]())
    for _ in 0..<count {
      let letters = (0..<3 + random.number(below: 6)).map { _ in random.number(below: GlyphFont.columns.count) }
      lines.append(letters.flatMap { Self.drawn($0, noise: noise, using: &random) })
      labels.append(letters.map { Int32($0 + 1) })
    }
    let steps = lines.map { $0.count / Self.height }
    let time = steps.max() ?? 0
    lengths = try SequenceLengths(steps, time: time)
    targets = try CTCTargets(labels, classes: Self.classes)
    columns = Tensor(
      (0..<time).flatMap { t in
        lines.flatMap { line in (0..<Self.height).map { t * Self.height < line.count ? line[t * Self.height + $0] : 0 }
        }
      }, shape: [time, count, Self.height])
  }

  /// A letter and the gap after it, column by column.
  private static func drawn(_ letter: Int, noise: Double, using random: inout RandomSource) -> [Float] {
    let shift = random.number(below: height - GlyphFont.height + 1)
    let gap = Array(repeating: [Bool](), count: 1 + random.number(below: 4))
    let columns = GlyphFont.columns[letter].flatMap { Array(repeating: $0, count: 1 + random.number(below: 2)) }
    var points: [Float] = []
    for column in columns + gap {
      for row in 0..<height {
        let isDark = column.indices.contains(row - shift) && column[row - shift]
        points.append(Float((isDark ? 1 : 0) + noise * random.normal()))
      }
    }
    return points
  }

  /// Insertions, deletions and substitutions that turn what was read into the targets, over the labels of the targets.
  package func errorRate(of read: [[Int32]]) -> Double {
    let errors = zip(read, targets.labels).reduce(0) { $0 + editDistance($1.0, $1.1) }
    return Double(errors) / Double(targets.labels.joined().count)
  }
}

/// Least number of insertions, deletions and substitutions between two sequences (Levenshtein, 1966).
package func editDistance(_ a: [Int32], _ b: [Int32]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let above = row[j + 1]
      row[j + 1] = min(diagonal + (x == y ? 0 : 1), above + 1, row[j] + 1)
      diagonal = above
    }
  }
  return row[b.count]
}
