import Autograd
import CharrnnTestSupport
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Attention against the formulas written out.
@Suite struct AttentionTests {
  static let scores: [Attention<Double>.Score] = [.dot, .general, .additive(units: 3)]
  private let time = 3
  private let batch = 2
  private let source = 5
  private let width = 4

  private func drawn(_ shape: TensorShape, seed: UInt64) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return .normal(shape, mean: 0, standardDeviation: 1, using: &random)
  }

  private func attention(_ score: Attention<Double>.Score) -> Attention<Double> {
    var random = RandomSource(seed: 1)
    return Attention(score, query: width, memory: width).drawn(using: &random)
  }

  /// The score of a query and a vector of the memory.
  private func score(_ attention: Attention<Double>, _ q: [Double], _ m: [Double]) -> Double {
    func product(_ dense: Dense<Double>, _ x: [Double]) -> [Double] {
      let weight = dense.weight.value
      return (0..<weight.shape[0]).map { row in x.indices.reduce(0) { $0 + weight[row, $1] * x[$1] } }
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    switch attention.score {
    case .dot: return dot(q, m)
    case .general: return dot(product(attention.query!, q), m)
    case .additive:
      let sums = zip(product(attention.query!, q), product(attention.key!, m)).map { tanh($0 + $1) }
      return product(attention.scoring!, sums)[0]
    }
  }

  @Test(arguments: scores) func contextAndWeightsAreThoseOfTheFormulas(kind: Attention<Double>.Score) throws {
    let attention = attention(kind)
    let (queries, values) = (drawn([time, batch, width], seed: 2), drawn([source, batch, width], seed: 3))
    for lengths in [[5, 5], [3, 5], [1, 4]] {
      var padded = values
      for (sequence, count) in lengths.enumerated() {
        for s in count..<source { for i in 0..<width { padded[s, sequence, i] = .nan } }
      }
      var context = ForwardContext<Double>()
      let memory = attention.memory(
        Variable(padded), lengths: try SequenceLengths(lengths, time: source), in: &context)
      let found = attention(Variable(queries), over: memory, in: &context)
      #expect(found.weights.shape == [time, batch, source] && found.context.shape == [time, batch, width])
      for t in 0..<time {
        for b in 0..<batch {
          func vector(_ tensor: Tensor<Double>, _ row: Int) -> [Double] { (0..<width).map { tensor[row, b, $0] } }
          let terms = (0..<lengths[b]).map { exp(score(attention, vector(queries, t), vector(values, $0))) }
          let total = terms.reduce(0, +)
          for s in 0..<source {
            let expected = s < lengths[b] ? terms[s] / total : 0
            #expect(abs(found.weights.value[t, b, s] - expected) < 1e-12)
          }
          for i in 0..<width {
            let expected = (0..<lengths[b]).reduce(0) { $0 + terms[$1] / total * values[$1, b, i] }
            #expect(abs(found.context.value[t, b, i] - expected) < 1e-12)
          }
        }
      }
    }
  }

  @Test(arguments: scores) func gradientsAreNumericOnes(kind: Attention<Double>.Score) throws {
    let lengths = try SequenceLengths([3, 5], time: source)
    let inputs = [
      (name: "queries", value: drawn([time, batch, width], seed: 4)),
      (name: "memory", value: drawn([source, batch, width], seed: 5)),
    ]
    let comparisons = GradientCheck.compare(attention(kind), inputs: inputs) { attention, inputs, context in
      let memory = attention.memory(inputs[1], lengths: lengths, in: &context)
      let found = attention(inputs[0], over: memory, in: &context)
      return projection(found.context, seed: 1) + projection(found.weights, seed: 2)
    }
    expectPassing(comparisons, "\(kind)")
  }
}

/// Encoders and decoders with attention.
@Suite struct EncoderDecoderTests {
  typealias Style = AttentionDecoder<GRUCell<Double>>.Style
  static let styles: [Style] = [.luong(.dot), .luong(), .luong(.additive(units: 3)), .bahdanau(units: 3)]
  static let sources: [[Int32]] = [[1, 2, 3], [0], [4, 4, 1, 0, 2]]
  static let targets: [[Int32]] = [[0, 1], [], [2, 2, 1]]

  /// A network of two layers on either side; the memory is as wide as the decoder's outputs.
  static func network(_ style: Style, layers: Int = 1) -> EncoderDecoder<GRUCell<Double>> {
    let context = if case .bahdanau = style { 4 } else { 0 }
    func cells(_ input: Int, _ hidden: Int) -> [GRUCell<Double>] {
      (0..<layers).map { GRUCell(input: $0 == 0 ? input : hidden, hidden: hidden) }
    }
    let encoder = StackedRecurrent(
      [GRUCell<Double>(input: 3, hidden: 2)], reverse: [GRUCell<Double>(input: 3, hidden: 2)])
    var random = RandomSource(seed: 7)
    return EncoderDecoder(
      sourceTokens: 5, targetTokens: 3, encoder: encoder, decoder: StackedRecurrent(cells(3 + context, 4)),
      attending: style
    ).drawn(using: &random)
  }

  @Test(arguments: styles) func theGradientsOfTheLossAreNumericOnes(style: Style) {
    let network = Self.network(style, layers: amount(debug: 1, release: 2))
    let comparisons = GradientCheck.compare(network) { network, _, context in
      network.loss(of: Self.targets, for: Self.sources, in: &context)
    }
    #expect(comparisons.count == network.parameters.count)
    #expect(comparisons.allSatisfy { $0.norm > 0 })
    expectPassing(comparisons, "\(style)")
  }

  /// The loss of a batch is the mean over all tokens and end marks, each sequence run by itself.
  @Test(arguments: styles) func aBatchIsTheSameAsItsSequences(style: Style) {
    let network = Self.network(style)
    func loss(_ indices: [Int]) -> Double {
      var context = ForwardContext<Double>()
      return network.loss(
        of: indices.map { Self.targets[$0] }, for: indices.map { Self.sources[$0] }, in: &context
      ).value.scalar
    }
    let counts = Self.targets.map { Double($0.count + 1) }
    let expected = (0..<3).reduce(0) { $0 + loss([$1]) * counts[$1] } / counts.reduce(0, +)
    #expect(abs(loss([0, 1, 2]) - expected) < 1e-12)
  }

  /// Log-probability of a target with its end mark, by the loss.
  private func logProbability(
    _ target: [Int32], _ source: [Int32], _ network: EncoderDecoder<GRUCell<Double>>
  ) -> Double {
    var context = ForwardContext<Double>()
    return -network.loss(of: [target], for: [source], in: &context).value.scalar * Double(target.count + 1)
  }

  /// A beam that holds every target finds the one with the largest mean log-probability, cut or not; its probability is that of
  /// the loss.
  @Test(arguments: styles) func aWideBeamFindsTheBestTarget(style: Style) {
    let network = Self.network(style)
    let limit = 3
    var prefixes: [[Int32]] = [[]]
    for _ in 1..<limit {
      prefixes += prefixes.filter { $0.count == prefixes.last!.count }.flatMap { t in (0..<3).map { t + [$0] } }
    }
    for (source, found) in zip(Self.sources, network.translate(Self.sources, limit: limit, beam: 60)) {
      // Those that end with the mark, and those that the limit cuts.
      let ended: [[Int32]] = prefixes.map { $0 + [network.mark] }
      let cut: [[Int32]] = prefixes.filter { $0.count == limit - 1 }.flatMap { t in (0..<3).map { t + [Int32($0)] } }
      let scored = (ended + cut).map { ($0, prefixLogProbability($0, source, network)) }
      let best = scored.max { $0.1 / Double($0.0.count) < $1.1 / Double($1.0.count) }!
      #expect(found.tokens + (found.isCut ? [] : [network.mark]) == best.0, "\(source)")
      #expect(abs(found.logProbability - best.1) < 1e-10)
      if !found.isCut { #expect(abs(logProbability(found.tokens, source, network) - best.1) < 1e-10) }
      #expect(found.alignment.shape == [best.0.count, source.count])
      for row in 0..<found.alignment.shape[0] { #expect(abs(found.alignment.row(row).sum().scalar - 1) < 1e-12) }
    }
  }

  /// A beam of one takes the likeliest token each time, and a batch writes what each source by itself would.
  @Test(arguments: styles) func greedyTranslationTakesTheLikeliestToken(style: Style) {
    let network = Self.network(style)
    let all = network.translate(Self.sources, limit: 6)
    for (source, found) in zip(Self.sources, all) {
      var written: [Int32] = []
      var isCut = true
      for _ in 0..<6 {
        let scores = (0..<4 as Range<Int32>).map { token -> Double in
          let before = written.isEmpty ? 0 : prefixLogProbability(written, source, network)
          return prefixLogProbability(written + [token], source, network) - before
        }
        let token = Int32(scores.indices.max { scores[$0] < scores[$1] }!)
        if token == network.mark {
          isCut = false
          break
        }
        written.append(token)
      }
      #expect(found.tokens == written && found.isCut == isCut)
      let alone = network.translate([source], limit: 6)[0]
      #expect(alone.tokens == found.tokens && abs(alone.logProbability - found.logProbability) < 1e-10)
    }
  }

  /// Log-probability of the first tokens of a target, marks among them.
  private func prefixLogProbability(
    _ tokens: [Int32], _ source: [Int32], _ network: EncoderDecoder<GRUCell<Double>>
  ) -> Double {
    var context = ForwardContext<Double>()
    let encoded = network.encoder.run(
      .embedded(
        TokenGrid(ids: source, time: source.count, batch: 1), table: Variable(network.source.weight.value)),
      in: &context)
    let last = Variable.concatenate(encoded.state.map(\.hidden), axis: 1)
    let state = network.bridges.map { HiddenState(hidden: $0(last, in: &context)) }
    let memory = network.decoder.attention.memory(encoded.outputs, in: &context)
    let inputs = network.target([network.mark] + tokens.dropLast(), in: &context).reshaped([tokens.count, 1, -1])
    let outputs = network.decoder.run(inputs, over: memory, from: state, in: &context).outputs
    let scores = network.output(outputs, in: &context).value.logSoftmax()
    return tokens.enumerated().reduce(0) { $0 + scores[$1.offset, 0, Int($1.element)] }
  }
}
