/// The architecture of a character model: all that decides its parameters' names and shapes, and what it drops in training.
public struct ModelConfiguration: Sendable, Hashable, Codable {
  public var cell: CellKind
  public var layers: Int
  /// Units in each layer.
  public var hidden: Int
  /// The width of the token embedding; 0 means that tokens enter as one-hot vectors.
  public var embedding: Int
  /// The probability that a unit between layers, and before the decoder, is dropped while training.
  public var dropout: Double
  /// How many symbols there are.
  public var vocabulary: Int
  /// True or nil, so that files of models that are not tied say nothing of it.
  private var tied: Bool?
  /// Nil where there are none, so that files of plain models say nothing of them.
  private var refined: ModelRefinements?

  /// Whether the decoder's weight is the token embedding (Press and Wolf, 2017).
  public var isTied: Bool {
    get { tied ?? false }
    set { tied = newValue ? true : nil }
  }

  /// What the model has beyond the plain architecture.
  public var refinements: ModelRefinements {
    get { refined ?? ModelRefinements() }
    set { refined = newValue == ModelRefinements() ? nil : newValue }
  }

  public init(
    cell: CellKind = .lstm, layers: Int = 2, hidden: Int = 128, embedding: Int = 0, isTied: Bool = false,
    dropout: Double = 0, refinements: ModelRefinements = ModelRefinements(), vocabulary: Int
  ) {
    self.cell = cell
    self.layers = layers
    self.hidden = hidden
    self.embedding = embedding
    self.dropout = dropout
    self.vocabulary = vocabulary
    self.isTied = isTied
    self.refinements = refinements
  }

  /// What is wrong with the numbers; nil if a model can be made of them.
  public var problem: String? {
    for (name, value, least) in [
      ("layers", layers, 1), ("hidden", hidden, 1), ("embedding", embedding, 0), ("vocabulary", vocabulary, 1),
    ] where value < least || value > Self.largest {
      return "\(name) is \(value); it must be from \(least) to \(Self.largest)"
    }
    return refinementProblem
  }

  /// Larger numbers are taken for damage: the products below then still fit an `Int`.
  private static let largest = 1 << 19

  /// Whether a pass in training draws anything at random.
  var isRandomInTraining: Bool { probabilities.contains { $0.value > 0 } }
}

/// What follows from the numbers.
extension ModelConfiguration {
  /// The width of each layer's output.
  var outputSize: Int { refinements.projection > 0 ? refinements.projection : hidden }

  /// What the parts of a layer's state are called, and how wide they are.
  var stateComponents: [(name: String, width: Int)] {
    [("hidden", outputSize)] + (cell.hasCellState ? [("cell", hidden)] : [])
  }

  /// How many parameters a model of this architecture has.
  public var parameterCount: Int {
    let input = embedding > 0 ? embedding : vocabulary
    let inputWeights = cell.gates * hidden * (input + outputSize * (layers - 1))
    let decoder = vocabulary * (isTied ? 1 : outputSize + 1)
    return vocabulary * embedding + inputWeights + layers * parametersBesideInput + decoder
  }

  /// Those of a layer that do not multiply its input.
  private var parametersBesideInput: Int {
    let (gates, recurrent) = (cell.gates, cell.hasRecurrentWeights ? outputSize : 0)
    let vectors: Int
    if refinements.layerNorm {
      // Gains and biases over the gates of either product, and over an LSTM's cell state.
      vectors = 4 * gates + (cell == .lstm ? 2 : 0)
    } else {
      vectors = (cell.hasRecurrentWeights ? 2 : 1) * gates + (cell == .peepholeLSTM ? 3 : 0)
    }
    let initialState = refinements.learnsInitialState ? stateComponents.reduce(0) { $0 + $1.width } : 0
    return hidden * (gates * recurrent + vectors + refinements.projection) + initialState
  }

  /// About how many numbers a unit keeps of each step of each sequence while training, gradients included: measured, and
  /// rounded up.
  var activationsPerUnit: Int {
    let with = refinements
    return (cell.hasRecurrentWeights ? 2 : 4) * cell.gates + 2 + (with.layerNorm ? cell.gates + 1 : 0)
      + (with.zoneout > 0 ? 2 * stateComponents.count : 0) + (with.residual ? 2 : 0)
      + (dropout + with.lockedDropout > 0 ? 2 : 0)
  }

  /// Floating-point operations to train on a token: two for each multiply-add, once forward and twice backward. An input
  /// product that is a look-up counts as nothing.
  var operationsPerToken: Int {
    let recurrent = cell.hasRecurrentWeights ? layers * cell.gates * hidden * outputSize : 0
    let between = (layers - 1) * cell.gates * hidden * outputSize
    return 6 * (recurrent + between + layers * hidden * refinements.projection + vocabulary * outputSize)
  }
}
