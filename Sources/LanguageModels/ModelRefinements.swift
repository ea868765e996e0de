/// What a character model may have beyond the plain architecture; all of it is off to begin with.
public struct ModelRefinements: Sendable, Hashable, Codable {
  /// Whether the cells normalize their preactivations (Ba, Kiros and Hinton, 2016); for the cells `lstm` and `gru`.
  public var layerNorm = false
  /// The width of a layer's output where it is a projection of its units (Sak, Senior and Beaufays, 2014), for the cell
  /// `lstm`; 0 for none.
  public var projection = 0
  /// Whether a layer above the first adds what it reads to its output.
  public var residual = false
  /// Whether the state before anything was read is learned instead of zeros.
  public var learnsInitialState = false
  /// The probability that a unit between layers, and before the decoder, is dropped while training, for all steps of a pass
  /// alike (Gal and Ghahramani, 2016).
  public var lockedDropout = 0.0
  /// The probability that a token's embedding is dropped while training, wherever it occurs in a pass.
  public var embeddingDropout = 0.0
  /// The probability that an element of a recurrent weight is dropped while training, for a whole pass (Merity, Keskar and
  /// Socher, 2018).
  public var weightDrop = 0.0
  /// The probability that an element of a layer's state, h and c alike, keeps its value for a step (Krueger et al., 2017). The
  /// cells `min-gru` and `min-lstm` then run step by step, several times as slow.
  public var zoneout = 0.0

  public init() {}

  /// The names in files.
  private enum CodingKeys: String, CodingKey {
    case layerNorm, projection, residual, learnsInitialState, lockedDropout, embeddingDropout, weightDrop, zoneout
  }

  /// A file need not name what it does not use: it may be older than some of them.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? usual
    }
    layerNorm = try value(.layerNorm, layerNorm)
    projection = try value(.projection, projection)
    residual = try value(.residual, residual)
    learnsInitialState = try value(.learnsInitialState, learnsInitialState)
    lockedDropout = try value(.lockedDropout, lockedDropout)
    embeddingDropout = try value(.embeddingDropout, embeddingDropout)
    weightDrop = try value(.weightDrop, weightDrop)
    zoneout = try value(.zoneout, zoneout)
  }
}

extension ModelConfiguration {
  /// With what probability something is dropped, or keeps its value, by the field's names for it.
  public var probabilities: [(name: String, value: Double)] {
    let with = refinements
    return [
      ("dropout", dropout), ("locked dropout", with.lockedDropout), ("embedding dropout", with.embeddingDropout),
      ("weight drop", with.weightDrop), ("zoneout", with.zoneout),
    ]
  }

  /// Takes over what decides no parameter's name or shape.
  mutating func takeProbabilities(of other: ModelConfiguration) {
    dropout = other.dropout
    refinements.lockedDropout = other.refinements.lockedDropout
    refinements.embeddingDropout = other.refinements.embeddingDropout
    refinements.weightDrop = other.refinements.weightDrop
    refinements.zoneout = other.refinements.zoneout
  }

  /// Why this model cannot have its refinements, or cannot have them together; nil if it can.
  var refinementProblem: String? {
    let with = refinements
    for (name, probability) in probabilities where !(probability >= 0 && probability < 1) {
      return "\(name) is \(probability); it must be at least 0 and below 1"
    }
    if dropout > 0 && with.lockedDropout > 0 {
      return "dropout \(dropout) and locked dropout \(with.lockedDropout) exclude each other; choose one of them"
    }
    if with.layerNorm && cell != .lstm && cell != .gru {
      return
        "layer normalization is for the cells lstm and gru, not for \(cell.rawValue); leave it out or choose one of them"
    }
    if with.projection != 0 {
      if cell != .lstm || with.layerNorm {
        return "a projection is for the cell lstm without layer normalization, not for "
          + "\(cell.rawValue)\(with.layerNorm ? " with it" : ""); leave it out or choose that cell"
      }
      if with.projection < 1 || with.projection >= hidden {
        return
          "projection is \(with.projection), hidden is \(hidden); a projection is narrower than the units, and at least 1"
      }
    }
    if isTied && embedding != outputSize {
      return with.projection == 0
        ? "tied embeddings are as wide as the hidden units: embedding is \(embedding), hidden is \(hidden); make them equal"
        : "tied embeddings are as wide as the projection: embedding is \(embedding), projection is \(with.projection); "
          + "make them equal"
    }
    if with.residual && layers == 1 {
      return
        "residual connections lead around layers above the first, and there is 1 layer; leave them out or add layers"
    }
    if with.embeddingDropout > 0 && embedding == 0 {
      return
        "embedding dropout \(with.embeddingDropout) has nothing to drop: the embedding is 0, tokens enter as one-hot "
        + "vectors; leave it out or set an embedding"
    }
    if with.weightDrop > 0 && !cell.hasRecurrentWeights {
      return
        "weight drop \(with.weightDrop) has nothing to drop: the cell \(cell.rawValue) has no recurrent weights; leave it "
        + "out or choose another cell"
    }
    return nil
  }
}
