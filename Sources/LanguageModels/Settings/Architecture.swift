import SequenceText

/// Everything that decides the names and shapes of a character model's parameters, and everything it drops in training.
///
/// A property's initial value is the default; the range, the option and the help of each stand in `SettingField.all`.
public struct Architecture: Sendable, Hashable {
  public var cell = CellKind.lstm
  public var layers = 2
  /// Units in each layer.
  public var hidden = 128
  /// Width of the token embedding; 0 means that tokens enter as one-hot vectors.
  public var embedding = 0
  /// Whether the decoder's weight is the token embedding (Press and Wolf, 2017).
  public var isTied = false
  /// Initial bias of the forget gate, in cells that have one (Jozefowicz et al., 2015).
  public var forgetBias = 1.0
  /// Whether the cells normalize their preactivations (Ba, Kiros and Hinton, 2016).
  public var layerNorm = false
  /// Width of a layer's output where it is a projection of its units (Sak, Senior and Beaufays, 2014); 0 for none.
  public var projection = 0
  /// Number of blocks of each gate's recurrent weight, each for units of its own, in cells with heads.
  public var heads = 1
  /// Whether each layer above the first adds its input to its output.
  public var residual = false
  /// Whether the initial state is learned instead of zeros.
  public var learnsInitialState = false
  /// Probability that a unit between layers, and before the decoder, is dropped while training.
  public var dropout = 0.0
  /// Probability of the same, with one mask for all steps of a pass (Gal and Ghahramani, 2016).
  public var lockedDropout = 0.0
  /// Probability that a token's embedding is dropped while training, at all its positions in a pass.
  public var embeddingDropout = 0.0
  /// Probability that an element of a recurrent weight is dropped while training, for a whole pass (Merity, Keskar and
  /// Socher, 2018).
  public var weightDrop = 0.0
  /// Probability that an element of a layer's state, h and c alike, keeps its value for a step while training (Krueger et
  /// al., 2017).
  public var zoneout = 0.0

  public init(
    cell: CellKind = .lstm, layers: Int = 2, hidden: Int = 128, embedding: Int = 0, isTied: Bool = false,
    dropout: Double = 0
  ) {
    (self.cell, self.layers, self.hidden) = (cell, layers, hidden)
    (self.embedding, self.isTied, self.dropout) = (embedding, isTied, dropout)
  }

  /// Width of each layer's output.
  public var outputSize: Int { projection > 0 ? projection : hidden }

  /// Settings of this architecture and of defaults, in which the fields of `SettingField.all` are read.
  var asSettings: TrainingSettings { TrainingSettings(architecture: self) }

  /// Whether a training pass draws anything at random.
  var isRandomInTraining: Bool {
    SettingField.all.contains { $0.group == .dropping && !$0.isDefault(in: asSettings) }
  }
}

/// The architecture of a character model and the size of its vocabulary: together they decide every parameter's shape.
@dynamicMemberLookup
public struct ModelShape: Sendable, Hashable {
  public var architecture: Architecture
  /// Number of symbols.
  public var vocabulary: Int

  public init(_ architecture: Architecture = Architecture(), vocabulary: Int) {
    (self.architecture, self.vocabulary) = (architecture, vocabulary)
  }

  public subscript<Value>(dynamicMember path: WritableKeyPath<Architecture, Value>) -> Value {
    get { architecture[keyPath: path] }
    set { architecture[keyPath: path] = newValue }
  }

  public subscript<Value>(dynamicMember path: KeyPath<Architecture, Value>) -> Value { architecture[keyPath: path] }

  /// The largest vocabulary of a model; a larger number in a file is taken for damage.
  static let largestVocabulary = Vocabulary.largestPieceCount
}
