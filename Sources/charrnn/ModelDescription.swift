import CharrnnCommandSupport
import SequenceModeling

/// A model's refinements under the names of their options.
func json(_ refinements: ModelRefinements) -> JSONText {
  [
    "layer_norm": .bool(refinements.layerNorm), "projection": .integer(refinements.projection),
    "residual": .bool(refinements.residual), "learned_state": .bool(refinements.learnsInitialState),
    "locked_dropout": .number(refinements.lockedDropout),
    "embedding_dropout": .number(refinements.embeddingDropout),
    "weight_drop": .number(refinements.weightDrop), "zoneout": .number(refinements.zoneout),
  ]
}

extension ModelConfiguration {
  /// The architecture in a few words: its kind and size, and whatever it has beyond the plain one.
  var summary: String {
    let with = refinements
    var parts = ["\(cell.rawValue) \(layers)×\(hidden)"]
    func add(_ text: String, if holds: Bool) { if holds { parts.append(text) } }
    add("\(isTied ? "tied " : "")embedding \(embedding)", if: embedding > 0)
    add("layer normalization", if: with.layerNorm)
    add("projection \(with.projection)", if: with.projection > 0)
    add("residual", if: with.residual)
    add("learned state", if: with.learnsInitialState)
    for (name, probability) in [
      ("dropout", dropout), ("locked dropout", with.lockedDropout), ("embedding dropout", with.embeddingDropout),
      ("weight drop", with.weightDrop), ("zoneout", with.zoneout),
    ] {
      add("\(name) \(probability)", if: probability > 0)
    }
    return parts.joined(separator: ", ")
  }
}
