import TensorCore

/// Structure and regularization of a recurrent stack.
public struct StackOptions: Sendable, Equatable {
  /// Probability that an output of a layer below the top is dropped in training. For two layers or more.
  public var dropout = 0.0
  /// Whether the same outputs are dropped at every step of a sequence (Gal and Ghahramani, 2016).
  public var dropoutIsLocked = false
  /// Probability that an element of a recurrent weight is dropped in training, for a whole pass: DropConnect on the
  /// recurrent weights (Merity, Keskar and Socher, 2018).
  public var weightDrop = 0.0
  /// Whether each layer above the first whose output is as wide as its input adds the input to its output (residual
  /// connections: He et al., 2016). For stacks with such a layer.
  public var residual = false
  /// Whether the initial state is learned, one for all sequences, instead of zeros.
  public var learnsInitialState = false
  /// Merging of the outputs of two directions.
  public var merging = Merging.concatenate
  /// Whether the forward pass keeps about √T of the states of T steps alone and the backward pass recomputes the rest:
  /// the same bits in less memory, for the time of another forward pass (Chen et al., 2016). For layers of one
  /// direction.
  public var recomputes = false

  public enum Merging: String, Sendable, Codable {
    /// Side by side, the forward direction first: [..., 2·hidden].
    case concatenate
    /// Sum: [..., hidden].
    case sum
  }

  public init(
    dropout: Double = 0, dropoutIsLocked: Bool = false, weightDrop: Double = 0, residual: Bool = false,
    learnsInitialState: Bool = false, merging: Merging = .concatenate, recomputes: Bool = false
  ) {
    (self.dropout, self.dropoutIsLocked, self.weightDrop) = (dropout, dropoutIsLocked, weightDrop)
    (self.residual, self.learnsInitialState, self.merging) = (residual, learnsInitialState, merging)
    self.recomputes = recomputes
  }

  /// Traps on probabilities outside 0..<1.
  func validate() {
    for (probability, name) in [(dropout, "dropout"), (weightDrop, "weight drop")] {
      require(
        probability >= 0 && probability < 1,
        "StackedRecurrent: the probability \(probability) of \(name) is not in 0..<1")
    }
  }
}
