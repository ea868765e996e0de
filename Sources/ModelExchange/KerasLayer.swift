import RecurrentLayers
import TensorCore

/// A layer of a Keras model, or a model, as a description has it.
struct KerasLayer {
  /// Class, with its package where it is none of Keras.
  let kind: String
  let settings: [String: Any]
  /// Layers of a model; nil where this is a layer.
  let layers: [Any]?
  /// Inputs of a layer in a functional model; nil elsewhere.
  let nodes: [Any]?
  /// Whether it is the layer of a `Bidirectional` that reads from the end.
  let isBackward: Bool

  /// Nil where the object of JSON is none.
  init?(_ value: Any?, isBackward: Bool = false) {
    guard let object = value as? [String: Any], let kind = object["class_name"] as? String else { return nil }
    // The first models of Keras 2 are a list of layers alone.
    let list = object["config"] as? [Any]
    guard let settings = object["config"] as? [String: Any] ?? list.map({ ["layers": $0] }) else { return nil }
    let registered = object["registered_name"] as? String
    self.kind = registered.flatMap { $0.contains(">") ? $0 : nil } ?? kind
    self.settings = settings
    layers = settings["layers"] as? [Any]
    nodes = object["inbound_nodes"] as? [Any]
    self.isBackward = isBackward
  }

  var name: String { settings["name"] as? String ?? kind }

  /// Classes of recurrent layers.
  static let recurrent: Set = ["LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "RNN", "Bidirectional"]
  private static let cells: Set = ["LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"]

  /// The cell of a recurrent layer or the cell that this is; nil of others.
  ///
  /// - Throws: where no layer here computes the same.
  var cell: RecurrentWeights.Cell? {
    get throws(ExchangeError) {
      guard settings["go_backwards"] as? Bool ?? isBackward == isBackward else {
        throw .layer(name, has: "go_backwards")
      }
      switch kind {
      // They have no choice of activations.
      case "CuDNNLSTM": return .lstm
      case "CuDNNGRU": return .gru
      case "LSTM", "LSTMCell":
        try require("activation", ["tanh"])
        return .lstm
      case "GRU", "GRUCell":
        try require("activation", ["tanh"])
        return settings["reset_after"] as? Bool ?? false ? .gru : .gruResetBefore
      case "SimpleRNN", "SimpleRNNCell": return try require("activation", ["tanh", "relu"]) == "relu" ? .rnnReLU : .rnn
      case "RNN": try requireCell(settings["cell"])
      case "StackedRNNCells": for cell in settings["cells"] as? [Any] ?? [] { try requireCell(cell) }
      case "Bidirectional":
        // Both outputs apart, which are `null`, have the same numbers.
        if let mode = settings["merge_mode"] as? String, mode != "concat" {
          throw .layer(name, has: "the merge_mode \(mode.quotedName)")
        }
      default: break
      }
      return nil
    }
  }

  /// The usual name of the backward layer of a `Bidirectional`, by the paths that it may have with a name of its own. Keras 2 puts
  /// `backward_` before that, Keras 3 leaves it.
  var backwardLayer: [String: String] {
    guard kind == "Bidirectional", let forward = KerasLayer(settings["layer"])?.name,
      let own = KerasLayer(settings["backward_layer"])?.name
    else { return [:] }
    let prefix = "forward_"
    let usual = "backward_" + (forward.hasPrefix(prefix) ? forward.dropFirst(prefix.count) : forward[...])
    return ["\(name)/\(own)": usual, "\(name)/backward_\(own)": usual]
  }

  /// Whether this is within a model, with other layers in it, and only some of its recurrent ones train.
  var isPartlyFrozen: Bool {
    guard kind != "Bidirectional" else { return false }
    let inner = layers ?? (settings["cell"]).map { [$0] } ?? settings["cells"] as? [Any] ?? []
    return Set(inner.flatMap { KerasLayer($0)?.trainingOfRecurrentLayers ?? [] }).count > 1
  }

  /// Whether each recurrent layer or cell here trains.
  private var trainingOfRecurrentLayers: [Bool] {
    if let layers = layers ?? settings["cells"] as? [Any] {
      return layers.flatMap { KerasLayer($0)?.trainingOfRecurrentLayers ?? [] }
    }
    guard Self.recurrent.contains(kind) || Self.cells.contains(kind) else { return [] }
    let cells = settings["cell"].flatMap { KerasLayer($0)?.trainingOfRecurrentLayers } ?? []
    return cells.count > 1 ? cells : [settings["trainable"] as? Bool ?? true]
  }

  private func requireCell(_ value: Any?) throws(ExchangeError) {
    let cell = KerasLayer(value)?.kind
    guard let cell, Self.cells.contains(cell) else {
      throw .layer(name, has: "the cell \((cell ?? "null").quotedName)")
    }
  }

  /// Function of the gates of an LSTM or a GRU.
  func gateActivation(version: String?) throws(ExchangeError) -> GateActivation {
    guard try require("recurrent_activation", ["sigmoid", "hard_sigmoid"]) == "hard_sigmoid" else { return .sigmoid }
    let major = version.map { String($0.prefix { $0 != "." }) }
    guard let slope = major.flatMap({ KerasConfiguration.hardSlopes[$0] }) else {
      throw .hardSigmoidOfKeras(layer: name, version: version)
    }
    return .hardSigmoid(slope: slope)
  }

  @discardableResult
  private func require(_ setting: String, _ allowed: [String]) throws(ExchangeError) -> String? {
    guard let function = function(setting) else { return nil }
    guard allowed.contains(function) else { throw .activation(function, layer: name, setting: setting) }
    return function
  }

  /// The function that a setting names; nil where there is no such setting.
  func function(_ setting: String) -> String? {
    guard let value = settings[setting] else { return nil }
    // A function with a serialized form of its own: by its name, or what it is.
    let form = value as? [String: Any]
    return value as? String ?? form?["config"] as? String ?? form?["class_name"] as? String ?? "null"
  }
}
