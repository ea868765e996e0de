import Foundation

/// The kind of recurrent cell of a character model, by the names that the command and checkpoints use.
public enum CellKind: String, Sendable, Codable, CaseIterable {
  case lstm, gru, rnn
  case rnnReLU = "rnn-relu"

  /// How many gates share a weight matrix.
  var gates: Int {
    switch self {
    case .lstm: 4
    case .gru: 3
    case .rnn, .rnnReLU: 1
    }
  }

  /// What the parts of a layer's state are called.
  var stateComponents: [String] { self == .lstm ? ["hidden", "cell"] : ["hidden"] }
}

/// The architecture of a character model: all that decides its parameters' names and shapes.
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

  /// Whether the decoder's weight is the token embedding (Press and Wolf, 2017).
  public var isTied: Bool {
    get { tied ?? false }
    set { tied = newValue ? true : nil }
  }

  public init(
    cell: CellKind = .lstm, layers: Int = 2, hidden: Int = 128, embedding: Int = 0, isTied: Bool = false,
    dropout: Double = 0, vocabulary: Int
  ) {
    self.cell = cell
    self.layers = layers
    self.hidden = hidden
    self.embedding = embedding
    self.dropout = dropout
    self.vocabulary = vocabulary
    self.isTied = isTied
  }

  /// What is wrong with the numbers; nil if a model can be made of them.
  public var problem: String? {
    for (name, value, least) in [
      ("layers", layers, 1), ("hidden", hidden, 1), ("embedding", embedding, 0), ("vocabulary", vocabulary, 1),
    ] where value < least || value > Self.largest {
      return "\(name) is \(value); it must be from \(least) to \(Self.largest)"
    }
    if isTied && embedding != hidden {
      return
        "tied embeddings are as wide as the hidden units: embedding is \(embedding), hidden is \(hidden); make them equal"
    }
    return dropout >= 0 && dropout < 1 ? nil : "dropout is \(dropout); it must be at least 0 and below 1"
  }

  /// How many parameters a model of this architecture has.
  public var parameterCount: Int {
    let gates = cell.gates
    let input = embedding > 0 ? embedding : vocabulary
    let inputWeights = gates * hidden * (input + hidden * (layers - 1))
    let recurrent = layers * gates * hidden * (hidden + 2)
    let decoder = vocabulary * (isTied ? 1 : hidden + 1)
    return vocabulary * embedding + inputWeights + recurrent + decoder
  }

  /// Larger numbers are taken for damage: the products above then still fit an `Int`.
  private static let largest = 1 << 19
}
