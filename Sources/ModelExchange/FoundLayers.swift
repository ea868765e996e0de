import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Recurrent layers among the tensors of a file, by their names.
struct FoundLayers {
  /// Modules with recurrent weights, the lowest first.
  let modules: [String]
  /// Names of tensors that are of no recurrent layer, in order.
  let others: [String]
  private let convention: WeightConvention
  private let tensors: [String: StoredTensor]
  /// Names of tensors by module, layer and direction.
  private let names: [String: [LayerKey: [String: String]]]

  private struct LayerKey: Hashable {
    let layer: Int
    let isReverse: Bool
  }

  /// - Parameter order: names of tensors, those of lower layers first; where it lacks a module, the names are to tell.
  /// - Throws: where there is no recurrent layer, or the order of the modules is not told.
  init(
    _ tensors: [String: StoredTensor], order: [String], in convention: WeightConvention
  ) throws(ExchangeError) {
    let layout = convention.layout
    var names: [String: [LayerKey: [String: String]]] = [:]
    var (others, spellings) = ([String](), [String: String]())
    for name in tensors.keys.sorted(by: { $0.precedesByBytes($1) }) {
      guard let place = layout.place(of: name) else {
        others.append(name)
        continue
      }
      // A dictionary takes names for one that are canonically equivalent, and these are of two modules.
      let spelling = spellings[place.module, default: place.module]
      guard spelling.utf8.elementsEqual(place.module.utf8) else {
        throw .ambiguousOrder([spelling, place.module])
      }
      spellings[place.module] = spelling
      let key = LayerKey(layer: place.layer, isReverse: place.isReverse)
      if names[place.module]?[key]?[place.array] == nil {
        names[place.module, default: [:]][key, default: [:]][place.array] = name
      } else {
        others.append(name)
      }
    }
    // Other layers than recurrent ones have weights of some of these names too.
    for (module, layers) in names
    where !layers.values.contains(where: { layout.signatures.contains(where: $0.keys.contains) }) {
      others += layers.values.flatMap(\.values)
      names[module] = nil
    }
    guard !names.isEmpty else { throw .noRecurrentLayer }
    (self.tensors, self.convention, self.names) = (tensors, convention, names)
    self.others = others.sorted { $0.precedesByBytes($1) }
    let positions = Dictionary(zip(order, order.indices)) { first, _ in first }
    let listed = names.compactMapValues { layers in
      layers.values.flatMap(\.values).compactMap { positions[$0] }.min()
    }
    modules =
      listed.count == names.count
      ? listed.sorted { $0.value < $1.value }.map(\.key) : try Self.ordered(Array(names.keys))
  }

  /// The conventions that the names fit.
  static func conventions(of names: some Sequence<String>) -> [WeightConvention] {
    let names = Array(names)
    let found = WeightConvention.allCases.filter { convention in
      let layout = convention.layout
      return names.contains { layout.place(of: $0).map { layout.signatures.contains($0.array) } ?? false }
    }
    // Where both fit, an LSTM keeps its gates apart, as both interfaces have it.
    return found == [.flax, .flaxLinen] ? [.flax] : found
  }

  /// Modules by the numbers in their paths, the lowest first: `lstm`, `lstm_1`, …, `lstm_10`.
  private static func ordered(_ modules: [String]) throws(ExchangeError) -> [String] {
    let paths = modules.map(NumberedPath.init)
    guard Set(paths.map(\.stems)).count == 1, Set(paths.map(\.numbers)).count == modules.count else {
      throw .ambiguousOrder(modules.sorted())
    }
    return zip(paths, modules).sorted { $0.0.numbers.lexicographicallyPrecedes($1.0.numbers) }.map { $0.1 }
  }

  /// The weights of all layers.
  ///
  /// - Parameters:
  ///   - cell: what the user says it is; nil where the tensors are to tell.
  ///   - gateActivation: function of the gates, which the tensors do not tell.
  func weights(
    cell wanted: RecurrentWeights.Cell?, gateActivation: GateActivation
  ) throws(ExchangeError) -> RecurrentWeights {
    var layers: [RecurrentWeights.Layer] = []
    var cells: [RecurrentWeights.Cell] = []
    for module in modules {
      let ofModule = names[module]!
      for layer in 0...ofModule.keys.map(\.layer).max()! {
        guard let forward = ofModule[LayerKey(layer: layer, isReverse: false)] else {
          throw .missingLayer(module: module, layer: layer)
        }
        let read = try weights(of: forward, in: module, wanted)
        var reverse = read.reverse
        if let names = ofModule[LayerKey(layer: layer, isReverse: true)] {
          let other = try weights(of: names, in: module, wanted)
          cells.append(other.cell)
          reverse = other.weights
        }
        cells.append(read.cell)
        layers.append(.init(forward: read.weights, reverse: reverse))
      }
    }
    guard Set(cells).count == 1 else { throw .mixedCells(Set(cells.map(\.rawValue)).sorted()) }
    return try RecurrentWeights(cell: cells[0], gateActivation: gateActivation, layers: layers)
  }

  private func weights(
    of names: [String: String], in module: String, _ wanted: RecurrentWeights.Cell?
  ) throws(ExchangeError) -> CellWeights {
    var arrays = LayerArrays(module: module, arrays: names.mapValues { tensors[$0]! }, wanted: wanted)
    let weights = try convention.layout.weights(of: &arrays)
    guard arrays.names.isEmpty else { throw .unread(arrays.names.map { names[$0]! }) }
    return weights
  }
}

/// The parts of a module's path, each with the number at its end.
private struct NumberedPath {
  private(set) var stems: [String] = []
  /// -1 for a part without a number.
  private(set) var numbers: [Int] = []

  init(_ module: String) {
    for part in module.split(whereSeparator: { "./".contains($0) }) {
      let digits = part.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()
      var stem = part.dropLast(digits.count)
      if !digits.isEmpty && stem.last == "_" { stem = stem.dropLast() }
      stems.append(String(stem))
      numbers.append(layerNumber(String(digits)) ?? -1)
    }
  }
}
