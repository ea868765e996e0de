import Foundation
import TensorCore

/// Description of the recurrent layers of a Keras model, which stands beside their weights.
struct KerasConfiguration {
  /// The cell of every recurrent layer; nil where there is none, or several.
  let cell: RecurrentWeights.Cell?

  /// - Parameter json: the model's configuration, as `.keras` and HDF5 files hold it.
  /// - Throws: where it is no JSON, or a layer's activation is none of a cell here.
  init(json: String) throws(ExchangeError) {
    let model: Any
    do {
      try requireDistinctNames(inJSON: json)
      model = try JSONSerialization.jsonObject(with: Data(json.utf8))
    } catch { throw .configuration }
    var cells: Set<RecurrentWeights.Cell> = []
    try Self.visit(model) { layer throws(ExchangeError) in if let cell = try layer.cell { cells.insert(cell) } }
    cell = cells.count == 1 ? cells.first : nil
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
          try require("recurrent_activation", ["sigmoid"])
          if kind == "LSTM" { return .lstm }
          return settings["reset_after"] as? Bool ?? false ? .gru : .gruResetBefore
        case "SimpleRNN": return try require("activation", ["tanh", "relu"]) == "relu" ? .rnnReLU : .rnn
        default: return nil
        }
      }
    }

    @discardableResult
    private func require(_ name: String, _ allowed: [String]) throws(ExchangeError) -> String? {
      let value = settings[name]
      // A function with a serialized form of its own.
      let function = value as? String ?? (value as? [String: Any])?["config"] as? String
      if let function, !allowed.contains(function) || value == nil {
        throw .activation(function, layer: settings["name"] as? String ?? kind)
      }
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
