import TensorCheckpoints

/// A value of a graph that depends on the graph's inputs, told by where each of its numbers comes from.
enum ONNXPlaces {
  /// Numbers of one stage: of each its place there, as I32. A stage has rows, a step of a sequence each, of `width` numbers.
  case numbers(StoredTensor, width: Int, ONNXStage)
  /// A value that no layer goes on with, such as the states of several layers together.
  case aside

  /// All numbers of a stage, in their order.
  static func all(_ shape: [Int], width: Int, _ stage: ONNXStage) -> Self {
    .numbers(StoredTensor((0..<shape.reduce(1, *)).map { Int32($0) }, shape: shape), width: width, stage)
  }

  var stage: ONNXStage? { if case .numbers(_, _, let stage) = self { stage } else { nil } }

  /// The rows along the last axis, in their order; nil where it does not hold whole rows.
  var rows: [Int]? {
    guard case .numbers(let places, let width, _) = self, places.shape.last == width,
      let places = places.values(as: Int32.self)
    else { return nil }
    var rows: [Int] = []
    for start in stride(from: 0, to: places.count, by: width) {
      let first = Int(places[start])
      guard first % width == 0, (0..<width).allSatisfy({ Int(places[start + $0]) == first + $0 }) else { return nil }
      rows.append(first / width)
    }
    return rows
  }

  /// Rows of a further stage, in an arrangement of the rows of the one before; nil where they are too many to be counted.
  static func rows(_ rows: [Int], shape: [Int], width: Int, _ stage: ONNXStage) -> Self? {
    guard rows.max() ?? 0 < Int(Int32.max) / width else { return nil }
    let places = rows.flatMap { row in (0..<width).map { Int32(row * width + $0) } }
    return .numbers(StoredTensor(places, shape: shape + [width]), width: width, stage)
  }
}

/// Part of a model that a value comes from.
enum ONNXStage: Equatable {
  /// An input of the graph, by its name: symbols, vectors or states.
  case input(String)
  /// Vectors of symbols, of an embedding or one-hot.
  case vectors
  /// The output of so many recurrent layers.
  case hidden(Int)
  /// The output of the highest of so many layers, in a model that adds the layer's input to it.
  case summand(Int)
  /// The output of the linear layer, with its bias or before that is added.
  case scores(isBiased: Bool)
  /// Probabilities of the scores, or their logarithms.
  case probabilities(isBiased: Bool)
}
