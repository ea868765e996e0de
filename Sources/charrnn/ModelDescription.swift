import CharrnnCommandSupport
import SequenceModeling

extension ModelRefinements {
  /// Under the names of their options.
  var json: JSONText {
    [
      "layer_norm": .bool(layerNorm), "projection": .integer(projection), "residual": .bool(residual),
      "learned_state": .bool(learnsInitialState), "locked_dropout": .number(lockedDropout),
      "embedding_dropout": .number(embeddingDropout), "weight_drop": .number(weightDrop), "zoneout": .number(zoneout),
    ]
  }
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
    for (name, probability) in probabilities { add("\(name) \(probability)", if: probability > 0) }
    return parts.joined(separator: ", ")
  }
}
