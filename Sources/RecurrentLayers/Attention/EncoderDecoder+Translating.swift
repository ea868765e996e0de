import Autograd
import NeuralLayers
import TensorCore

/// A target that an `EncoderDecoder` wrote.
public struct Translation<Scalar: TensorScalar>: Sendable {
  /// Without marks.
  public let tokens: [Int32]
  /// Logarithm of the probability of the tokens and, unless `isCut`, of the end mark.
  public let logProbability: Double
  /// Whether the target was longer than the limit.
  public let isCut: Bool
  /// Weights of attention, [steps, source]: a row for each token, and one for the end mark unless `isCut`.
  public let alignment: Tensor<Scalar>
}

extension EncoderDecoder {
  /// Writes the target of each source.
  ///
  /// - Parameters:
  ///   - limit: most tokens of a target, its end mark included; a longer one is cut.
  ///   - beam: targets that are kept at each step for each source. 1 takes the likeliest token each time. More go on with the
  ///     likeliest targets so far, and give the one with the largest mean log-probability of a token.
  ///   - batchSize: sources computed at once; it bounds memory.
  /// - Precondition: no source is empty; the limit, the beam and the batch are at least 1.
  public func translate(
    _ sources: [[Int32]], limit: Int, beam: Int = 1, batchSize: Int = 64, threads: Int = 1
  ) -> [Translation<Scalar>] {
    require(
      limit > 0 && beam > 0 && batchSize > 0,
      "translate: a limit of \(limit) tokens, a beam of \(beam), batches of \(batchSize)")
    let workspace = Workspace<Scalar>(
      team: ThreadTeam(threads: threads), products: .full, device: source.weight.value.device)
    return stride(from: 0, to: sources.count, by: batchSize).flatMap { start in
      translateBatch(
        Array(sources[start..<min(start + batchSize, sources.count)]), limit: limit, beam: beam, workspace: workspace)
    }
  }

  private func translateBatch(
    _ sources: [[Int32]], limit: Int, beam: Int, workspace: Workspace<Scalar>
  ) -> [Translation<Scalar>] {
    var context = ForwardContext<Scalar>(workspace: workspace)
    var (outputs, lengths, state) = encode(sources, in: &context)
    // A row for each target of a source's beam.
    let copies = sources.indices.flatMap { Array(repeating: $0, count: beam) }
    if beam > 1 {
      outputs = outputs.permuted([1, 0, 2]).gathering(copies).permuted([1, 0, 2])
      lengths = lengths.gathering(copies)
      state = state.gathering(copies)
    }
    let memory = decoder.attention.memory(outputs, lengths: lengths, in: &context)
    var beams = sources.map { Beam<Scalar>(size: beam, source: $0.count) }
    for _ in 0..<limit where !beams.allSatisfy(\.isFinished) {
      let last = beams.flatMap { $0.lastTokens(or: mark) }
      let inputs = target(last, in: &context).reshaped([1, last.count, -1])
      let (steps, weights, next) = decoder.run(inputs, over: memory, from: state, in: &context)
      let scores = output(steps, in: &context).value.logSoftmax().row(0).forHost()
      let alignments = weights.value.row(0).forHost()
      var origins: [Int] = []
      for index in beams.indices {
        let rows = index * beam..<(index + 1) * beam
        let own = beams[index].advance(scores.rows(rows), alignments.rows(rows), mark: mark)
        origins += own.map { rows.lowerBound + $0 }
      }
      state = next.gathering(origins)
    }
    return beams.map(\.best)
  }
}

extension Array where Element: RecurrentState {
  /// The states of some sequences of a batch.
  fileprivate func gathering(_ indices: [Int]) -> Self {
    map { Element(components: $0.components.map { $0.gathering(indices) }) }
  }
}

extension Array where Element: Comparable {
  /// The largest elements with their indices, the largest first; of equal ones the first.
  fileprivate func largest(_ count: Int) -> [(index: Int, value: Element)] {
    var found: [(index: Int, value: Element)] = []
    for (index, value) in enumerated() where found.count < count || value > found[count - 1].value {
      let place = found.firstIndex { value > $0.value } ?? found.count
      found.insert((index, value), at: place)
      if found.count > count { found.removeLast() }
    }
    return found
  }
}

/// The targets of one source while they are written.
private struct Beam<Scalar: TensorScalar> {
  struct Target {
    var tokens: [Int32] = []
    var logProbability = 0.0
    var isFinished = false
    var alignment: [Scalar] = []

    var meanLogProbability: Double { logProbability / Double(tokens.count + (isFinished ? 1 : 0)) }
  }

  let size: Int
  /// Tokens of the source.
  let source: Int
  /// The likeliest first; at first the empty one alone.
  private var targets = [Target()]

  init(size: Int, source: Int) { (self.size, self.source) = (size, source) }

  var isFinished: Bool { targets.allSatisfy(\.isFinished) }

  /// The last token of each row: those after the targets are free.
  func lastTokens(or mark: Int32) -> [Int32] {
    (0..<size).map { $0 < targets.count ? targets[$0].tokens.last ?? mark : mark }
  }

  /// Appends a token to the targets, and keeps the likeliest.
  ///
  /// - Parameters:
  ///   - scores: log-probabilities of each target's next token, [size, tokens].
  ///   - weights: of attention, [size, source or more].
  /// - Returns: the rows that the targets had.
  mutating func advance(_ scores: Tensor<Scalar>, _ weights: Tensor<Scalar>, mark: Int32) -> [Int] {
    var candidates: [(row: Int, token: Int32?, logProbability: Double)] = []
    for (row, target) in targets.enumerated() {
      if target.isFinished {
        candidates.append((row, nil, target.logProbability))
        continue
      }
      for (token, score) in scores.row(row).scalars.largest(size) {
        candidates.append((row, Int32(token), target.logProbability + score.double))
      }
    }
    let order = candidates.indices.sorted {
      (candidates[$1].logProbability, $0) < (candidates[$0].logProbability, $1)
    }
    let kept = order.prefix(size).map { candidates[$0] }
    targets = kept.map { row, token, logProbability in
      var target = targets[row]
      target.logProbability = logProbability
      guard let token else { return target }
      if token == mark { target.isFinished = true } else { target.tokens.append(token) }
      target.alignment += weights.row(row).scalars.prefix(source)
      return target
    }
    return kept.map(\.row) + Array(repeating: 0, count: size - kept.count)
  }

  var best: Translation<Scalar> {
    var best = targets[0]
    for target in targets where target.meanLogProbability > best.meanLogProbability { best = target }
    return Translation(
      tokens: best.tokens, logProbability: best.logProbability, isCut: !best.isFinished,
      alignment: Tensor(best.alignment, shape: [best.alignment.count / source, source]))
  }
}
