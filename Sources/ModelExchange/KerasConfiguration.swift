import Foundation
import RecurrentLayers
import TensorCore

/// Description of the recurrent layers of a Keras model, which stands beside their weights.
struct KerasConfiguration {
  /// The cell of every recurrent layer; nil where there is none, or several.
  let cell: RecurrentWeights.Cell?
  /// Function of the gates of every LSTM and GRU.
  let gateActivation: GateActivation
  /// Names of backward layers as those without a name of their own have them, by paths from the layer around them.
  let backwardLayers: [String: String]
  /// A layer of the model around recurrent ones of which some do not train; nil where there is none.
  let partlyFrozenLayer: String?
  /// Why the layers are no character model; nil where they may be one, or the model does not list them.
  let characterModelProblem: CharacterModelImportError?

  /// Bytes of a description, and objects in it: those of more than a hundred layers. The memory that Foundation takes for both is
  /// bounded so.
  static let (sizeLimit, objectLimit) = (256 << 10, 4096)
  /// Slopes of `hard_sigmoid` by the version of Keras.
  static let hardSlopes = ["2": 0.2, "3": 1.0 / 6]

  /// - Parameters:
  ///   - json: the model's configuration, as `.keras` and HDF5 files hold it.
  ///   - version: version of Keras that wrote the file; nil where it names none.
  /// - Throws: where it is too long or no JSON, a layer is none of those here, or gates have several functions.
  init(json: String, version: String?) throws(ExchangeError) {
    let model = try Self.contents(of: json)
    var cells: Set<RecurrentWeights.Cell> = []
    var gates: [GateActivation] = []
    var backwardLayers: [String: String] = [:]
    try Self.visit(model) { layer throws(ExchangeError) in
      backwardLayers.merge(layer.backwardLayer) { first, _ in first }
      guard let cell = try layer.cell else { return }
      cells.insert(cell)
      guard cell.gateCount > 1 else { return }
      let activation = try layer.gateActivation(version: version)
      if !gates.contains(activation) { gates.append(activation) }
    }
    // Shapes of weights do not tell cells of as many gates apart.
    guard Set(cells.map(\.gateCount)).count == cells.count else {
      throw .mixedCells(cells.map(\.rawValue).sorted())
    }
    guard gates.count <= 1 else { throw .mixedGateActivations(gates) }
    cell = cells.count == 1 ? cells.first : nil
    gateActivation = gates.first ?? .sigmoid
    self.backwardLayers = backwardLayers
    let layers = KerasLayer(model)?.layers ?? []
    partlyFrozenLayer = layers.lazy.compactMap { KerasLayer($0) }.first(where: \.isPartlyFrozen)?.name
    characterModelProblem = Self.characterModelProblem(of: model)
  }

  private static func characterModelProblem(of model: Any) -> CharacterModelImportError? {
    guard let layers = KerasLayer(model)?.layers else { return nil }
    var chain = KerasChain()
    do { try chain.add(layers) } catch { return error }
    return nil
  }

  private static func contents(of json: String) throws(ExchangeError) -> Any {
    guard json.utf8.count <= sizeLimit, json.utf8.count(where: { $0 == UInt8(ascii: "{") }) <= objectLimit else {
      throw .configurationTooLong
    }
    do {
      try requireDistinctNames(inJSON: json)
      return try JSONSerialization.jsonObject(with: Data(json.utf8))
    } catch { throw .configuration }
  }

  /// Version of Keras in the `metadata.json` of a `.keras` file; nil where it names none.
  static func version(inMetadata json: String) -> String? {
    let metadata = try? contents(of: json) as? [String: Any]
    return metadata?["keras_version"] as? String
  }

  /// Calls `body` with every layer and cell, at any depth.
  private static func visit(
    _ value: Any, isBackward: Bool = false, _ body: (KerasLayer) throws(ExchangeError) -> Void
  ) throws(ExchangeError) {
    if let object = value as? [String: Any] {
      if let layer = KerasLayer(object, isBackward: isBackward) { try body(layer) }
      for (name, member) in object.sorted(by: { $0.key < $1.key }) {
        try visit(member, isBackward: name == "backward_layer", body)
      }
    } else if let list = value as? [Any] {
      for element in list { try visit(element, body) }
    }
  }
}
