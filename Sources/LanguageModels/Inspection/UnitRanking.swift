import Autograd
import SequenceText
import TensorCheckpoints
import TensorCore

/// Units of a model that follow features of a text, as Karpathy, Johnson and Fei-Fei looked for them (2015, "Visualizing and
/// Understanding Recurrent Networks").
///
///     let ranking = try UnitRanking(of: file, on: corpus, by: [.quotes, .linePosition])
///     let best = ranking.rankings[0][0]   // the unit that follows quotes most
///     print(best.unit, best.correlation, best.heldOut)
///
/// Units are ranked by the first half of the text, by the size of Pearson's correlation of their values with the feature's. The
/// correlation on the second half says whether that was chance.
public struct UnitRanking: Sendable {
  public struct Entry: Sendable, Equatable {
    public let unit: RecurrentUnit
    /// Pearson's correlation on the first half of the text.
    public let correlation: Double
    /// Pearson's correlation on the second half; nil where the unit or the feature never changes there.
    public let heldOut: Double?
  }

  /// Features that units were ranked by.
  public let features: [TextFeature]
  /// For each feature the units, those with the largest correlation, positive or negative, first; none where the feature never
  /// changes in the first half. Units that never change there are left out.
  public let rankings: [[Entry]]
  /// Pieces of the text that was read; the token before the first document is none.
  public let pieces: TextPieces
  /// How many tokens were read.
  public let tokens: Int

  private let model: CharacterModel<Float>
  private let stream: TextStream
  private let threads: Int

  /// - Parameters:
  ///   - corpus: text in the symbols of the model.
  ///   - features: features to rank by.
  ///   - limit: most tokens that are read; two at least are.
  ///   - threads: they change the speed alone.
  /// - Throws: `TextFeatureError`; `GenerationError` where a unit's value is not finite; `CorpusError` where the text has fewer than
  ///   two tokens, and `CorpusError` or `CorpusSplitError` where it has not the documents that the model was trained on.
  /// - Complexity: one step of the model for each token.
  public init(
    of file: ModelFile<Float>, on corpus: Corpus, by features: [TextFeature], atMost limit: Int = .max,
    threads: Int = 1
  ) throws {
    let text = try InspectedText(corpus, as: file.history, atMost: max(limit, 2))
    (self.features, pieces, tokens, model) = (features, text.pieces, text.tokens, file.model)
    (stream, self.threads) = (text.stream, threads)
    var values: [[Double]] = []
    for feature in features { values.append(try feature.values(of: pieces)) }
    rankings = try Self.rankings(of: model, reading: stream, workspace: Workspace(threads: threads), pieces, values)
  }

  private static func rankings(
    of model: CharacterModel<Float>, reading stream: TextStream, workspace: Workspace<Float>, _ pieces: TextPieces,
    _ values: [[Double]]
  ) throws -> [[Entry]] {
    let units = model.units
    let middle = pieces.tokens.count / 2
    var halves = (0..<2).map { _ in values.map { _ in Correlations(of: units.count) } }
    var piece = 0
    // A piece's value is the one after its last token.
    try model.readUnits(of: stream, workspace: workspace) { position, activations in
      guard activations.allSatisfy(\.isFinite) else { throw GenerationError.notFinite }
      guard piece < pieces.tokens.count, position == pieces.tokens[piece].upperBound - 1 else { return }
      for feature in values.indices {
        halves[piece < middle ? 0 : 1][feature].add(values[feature][piece], activations)
      }
      piece += 1
    }
    return values.indices.map { feature in
      let (first, second) = (halves[0][feature].values, halves[1][feature].values)
      return units.indices.compactMap { unit in
        first[unit].map { Entry(unit: units[unit], correlation: $0, heldOut: second[unit]) }
      }.sorted { abs($0.correlation) > abs($1.correlation) }
    }
  }

  /// Values of some units after each piece, for the first pieces of the text.
  ///
  /// - Returns: by unit, then by piece.
  public func activations(of chosen: [RecurrentUnit], pieces count: Int) -> [[Float]] {
    let units = model.units
    let indices = chosen.map { unit in
      guard let index = units.firstIndex(of: unit) else { programmingError("UnitRanking: the model has no \(unit)") }
      return index
    }
    var (found, piece) = (chosen.map { _ in [Float]() }, 0)
    let shown = pieces.tokens.prefix(count)
    guard let end = shown.last?.upperBound else { return found }
    let part = stream.prefix(upTo: end)
    model.readUnits(of: part, workspace: Workspace(threads: threads)) { position, values in
      guard piece < shown.count, position == shown[piece].upperBound - 1 else { return }
      for (place, index) in indices.enumerated() { found[place].append(values[index]) }
      piece += 1
    }
    return found
  }
}

/// Sums for Pearson's correlation of one feature with each of many units.
private struct Correlations {
  private var count = 0.0
  private var (feature, featureSquare) = (0.0, 0.0)
  private var sums, squares, products: [Double]

  init(of units: Int) {
    sums = [Double](repeating: 0, count: units)
    (squares, products) = (sums, sums)
  }

  mutating func add(_ value: Double, _ activations: [Float]) {
    count += 1
    feature += value
    featureSquare += value * value
    for unit in activations.indices {
      let activation = Double(activations[unit])
      sums[unit] += activation
      squares[unit] += activation * activation
      products[unit] += activation * value
    }
  }

  /// Correlation of each unit; nil where the unit or the feature never changes.
  var values: [Double?] {
    sums.indices.map { unit in
      let covariance = products[unit] - sums[unit] * feature / count
      let (own, other) = (squares[unit] - sums[unit] * sums[unit] / count, featureSquare - feature * feature / count)
      // Rounding leaves this much of the variance of values that are all the same.
      guard own > 1e-9 * squares[unit], other > 1e-9 * featureSquare else { return nil }
      return covariance / (own * other).squareRoot()
    }
  }
}
