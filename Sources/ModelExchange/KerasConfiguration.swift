import Foundation
import RecurrentLayers
import TensorCore

/// Description of the recurrent layers of a Keras model, which stands beside their weights.
struct KerasConfiguration {
  /// The cell of every recurrent layer; nil where there is none, or several.
  let cell: RecurrentWeights.Cell?
  /// Function of the gates of every LSTM and GRU.
  let gateActivation: GateActivation

  /// Slopes of `hard_sigmoid` by the version of Keras.
  static let hardSlopes = ["2": 0.2, "3": 1.0 / 6]

  /// - Parameters:
  ///   - json: the model's configuration, as `.keras` and HDF5 files hold it.
  ///   - version: version of Keras that wrote the file; nil where it names none.
  /// - Throws: where it is no JSON, a layer's activation is none of a cell here, or gates have several functions.
  init(json: String, version: String?) throws(ExchangeError) {
    let model: Any
    do {
      try requireDistinctNames(inJSON: json)
      model = try JSONSerialization.jsonObject(with: Data(json.utf8))
    } catch { throw .configuration }
    var cells: Set<RecurrentWeights.Cell> = []
    var gates: [GateActivation] = []
    try Self.visit(model) { layer throws(ExchangeError) in
      guard let cell = try layer.cell else { return }
      cells.insert(cell)
      guard cell.gateCount > 1 else { return }
      let activation = try layer.gateActivation(version: version)
      if !gates.contains(activation) { gates.append(activation) }
    }
    guard gates.count <= 1 else { throw .mixedGateActivations(gates) }
    cell = cells.count == 1 ? cells.first : nil
    gateActivation = gates.first ?? .sigmoid
  }

  /// Version of Keras in the `metadata.json` of a `.keras` file; nil where it names none.
  static func version(inMetadata json: String) -> String? {
    let metadata = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    return metadata?["keras_version"] as? String
  }

  /// A layer's class and its settings.
  private struct Layer {
    let kind: String
    let settings: [String: Any]

    var cell: RecurrentWeights.Cell? {
      get throws(ExchangeError) {
        switch kind {
        // They have no choice of activations.
        case "CuDNNLSTM": return .lstm
        case "CuDNNGRU": return .gru
        case "LSTM", "GRU":
          try require("activation", ["tanh"])
          if kind == "LSTM" { return .lstm }
          return settings["reset_after"] as? Bool ?? false ? .gru : .gruResetBefore
        case "SimpleRNN": return try require("activation", ["tanh", "relu"]) == "relu" ? .rnnReLU : .rnn
        default: return nil
        }
      }
    }

    /// Function of the gates of an LSTM or a GRU.
    func gateActivation(version: String?) throws(ExchangeError) -> GateActivation {
      guard try require("recurrent_activation", ["sigmoid", "hard_sigmoid"]) == "hard_sigmoid" else { return .sigmoid }
      let major = version.map { String($0.prefix { $0 != "." }) }
      guard let slope = major.flatMap({ KerasConfiguration.hardSlopes[$0] }) else {
        throw .hardSigmoidOfKeras(layer: settings["name"] as? String ?? kind, version: version)
      }
      return .hardSigmoid(slope: slope)
    }

    @discardableResult
    private func require(_ name: String, _ allowed: [String]) throws(ExchangeError) -> String? {
      guard let value = settings[name] else { return nil }
      // A function with a serialized form of its own: by its name, or what it is.
      let form = value as? [String: Any]
      let function = value as? String ?? form?["config"] as? String ?? form?["class_name"] as? String ?? "null"
      guard allowed.contains(function) else { throw .activation(function, layer: settings["name"] as? String ?? kind) }
      return function
    }
  }

  /// Calls `body` with every layer, at any depth.
  private static func visit(
    _ value: Any, _ body: (Layer) throws(ExchangeError) -> Void
  ) throws(ExchangeError) {
    if let object = value as? [String: Any] {
      if let kind = object["class_name"] as? String, let settings = object["config"] as? [String: Any] {
        try body(Layer(kind: kind, settings: settings))
      }
      for (_, member) in object.sorted(by: { $0.key < $1.key }) { try visit(member, body) }
    } else if let list = value as? [Any] {
      for element in list { try visit(element, body) }
    }
  }
}
