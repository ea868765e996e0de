import TensorCore

/// Layers of a Keras model in their order, as far as a character model has them: an embedding, recurrent layers, a linear layer
/// and perhaps the softmax of its outputs.
struct KerasChain {
  private enum Stage: Int, Comparable {
    case input, embedded, recurrent, logits, probabilities

    static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
  }

  /// Output of a layer that another reads.
  private struct Output: Equatable {
    let layer: String
    /// Number of the call, of those of the layer.
    var call = 0
    var number = 0
  }

  private var stage = Stage.input
  /// Names of recurrent layers so far: one that stands twice is one layer that is used twice.
  private var names: Set<String> = []

  /// Classes that change nothing when a model is used.
  private static let idle: Set = [
    "InputLayer", "Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization",
  ]
  /// Classes that compute the same within `TimeDistributed` and without.
  private static let perStep: Set = ["Dense", "Dropout", "Activation", "Softmax"]

  /// Adds the layers of a model, at any depth.
  ///
  /// - Throws: where a layer is of another class, stands elsewhere or has settings that change its result.
  mutating func add(_ layers: [Any]) throws(CharacterModelImportError) {
    var last: Output?
    /// An embedding that is the linear layer too, and what that reads.
    var tied: (layer: KerasLayer, source: Output)?
    for value in layers {
      guard let layer = KerasLayer(value) else { throw .layer("null", kind: "null") }
      if ["Sequential", "Functional", "Model"].contains(layer.kind), let layers = layer.layers {
        try add(layers)
      } else {
        try add(layer)
      }
      if var nodes = layer.nodes {
        if layer.kind == "ReversibleEmbedding", nodes.count == 2, let call = nodes.popLast() {
          let sources = Self.sources(call)
          guard Self.isReverse(call), sources.count == 1 else { throw .layerOrder(layer.name) }
          tied = (layer, sources[0])
        }
        // A layer that is used twice, or reads a state, has other inputs than the output of the last one.
        guard nodes.count <= 1, Self.sources(nodes) == (last.map { [$0] } ?? []) else { throw .layerOrder(layer.name) }
      }
      last = Output(layer: layer.name)
      if let (layer, source) = tied, source == last {
        try move(layer, from: .recurrent ... .recurrent, to: .logits)
        (last, tied) = (Output(layer: layer.name, call: 1), nil)
      }
    }
    if let tied { throw .layerOrder(tied.layer.name) }
  }

  private mutating func add(_ layer: KerasLayer) throws(CharacterModelImportError) {
    switch layer.kind {
    case let kind where Self.idle.contains(kind): break
    case let kind where KerasLayer.recurrent.contains(kind):
      try move(layer, from: .input ... .recurrent, to: .recurrent)
      guard names.insert(layer.name).inserted else { throw .layerOrder(layer.name) }
    // A one-hot input is never all one number, so that nothing is masked.
    case "Masking": try move(layer, from: .input ... .input, to: .embedded)
    case "Embedding", "ReversibleEmbedding":
      if !(layer.settings["tie_weights"] as? Bool ?? true) { throw .layerSetting("tie_weights off", layer: layer.name) }
      if layer.settings["logit_soft_cap"] is Double { throw .layerSetting("logit_soft_cap", layer: layer.name) }
      if layer.settings["mask_zero"] as? Bool ?? false { throw .layerSetting("mask_zero", layer: layer.name) }
      try move(layer, from: .input ... .input, to: .embedded)
    case "TimeDistributed":
      let inner = KerasLayer(layer.settings["layer"])
      guard let inner, Self.perStep.contains(inner.kind) else {
        throw .layer(layer.name, kind: "TimeDistributed(\(inner?.kind ?? "null"))")
      }
      try add(inner)
    case "Dense":
      try move(layer, from: .recurrent ... .recurrent, to: .logits)
      try activate(layer)
    case "Activation": try activate(layer)
    case "Softmax":
      guard layer.settings["axis"] as? Int ?? -1 == -1 else {
        throw .layerSetting("an axis other than -1", layer: layer.name)
      }
      try move(layer, from: .logits ... .logits, to: .probabilities)
    default: throw .layer(layer.name, kind: layer.kind)
    }
  }

  private mutating func activate(_ layer: KerasLayer) throws(CharacterModelImportError) {
    switch layer.function("activation") ?? "linear" {
    case "linear": break
    case "softmax": try move(layer, from: .logits ... .logits, to: .probabilities)
    case let other: throw .layerSetting("the activation \(other.quotedName)", layer: layer.name)
    }
  }

  private mutating func move(
    _ layer: KerasLayer, from stages: ClosedRange<Stage>, to next: Stage
  ) throws(CharacterModelImportError) {
    guard stages.contains(stage) else { throw .layerOrder(layer.name) }
    stage = next
  }

  /// Outputs that stand in the nodes of a layer, each as often as it stands there.
  private static func sources(_ value: Any) -> [Output] {
    if let object = value as? [String: Any] { return object.values.flatMap(sources) }
    guard let list = value as? [Any] else { return [] }
    guard list.count >= 3, let name = list[0] as? String, let call = list[1] as? Int, let number = list[2] as? Int
    else {
      return list.flatMap(sources)
    }
    return [Output(layer: name, call: call, number: number)] + list.dropFirst(3).flatMap(sources)
  }

  /// Whether a node is a call of an embedding as a linear layer.
  private static func isReverse(_ node: Any) -> Bool {
    let node = node as? [String: Any]
    let options = node?["kwargs"] as? [String: Any]
    return options?["reverse"] as? Bool ?? (node?["args"] as? [Any])?.dropFirst().first as? Bool ?? false
  }
}
