import TensorCore

/// How the layers of a recurrent stack are put together, and how they are regularized.
public struct StackOptions: Sendable, Equatable {
  /// The probability that an output of a layer below the top is dropped while training.
  public var dropout = 0.0
  /// Whether the outputs that drop are the same at every step of a sequence (Gal and Ghahramani, 2016).
  public var dropoutIsLocked = false
  /// The probability that an element of a recurrent weight is dropped while training, for a whole pass: DropConnect on the
  /// recurrent weights (Merity, Keskar and Socher, 2018).
  public var weightDrop = 0.0
  /// Whether a layer that puts out as many numbers as it reads adds what it reads to its output, as in a residual network (He
  /// et al., 2016); the first layer does not.
  public var residual = false
  /// Whether the state before anything was seen is learned, one for all sequences, instead of zeros.
  public var learnsInitialState = false
  /// What becomes of the outputs of the two directions, where there are two.
  public var merging = Merging.concatenate
  /// Whether about √T of the states of T steps are all that is kept for the backward pass, which computes the rest again: no
  /// bit changes, memory shrinks, and time grows by another forward pass (Chen et al., 2016). For layers of one direction.
  public var recomputes = false

  public enum Merging: String, Sendable, Codable {
    /// Side by side, those of the forward direction first: [..., 2·hidden].
    case concatenate
    /// Added up: [..., hidden].
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

  /// Traps on probabilities that are none.
  func validate() {
    for (probability, name) in [(dropout, "dropout"), (weightDrop, "weight drop")] {
      require(
        probability >= 0 && probability < 1,
        "StackedRecurrent: the probability \(probability) of \(name) is not in 0..<1")
    }
  }
}
