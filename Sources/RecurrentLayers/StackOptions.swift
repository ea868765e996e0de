/// How the layers of a recurrent stack are put together.
public struct StackOptions: Sendable, Equatable, Codable {
  /// The probability that an output of a layer below the top is dropped while training.
  public var dropout = 0.0
  /// Whether a layer that puts out as many numbers as it reads adds what it reads to its output, as in a residual network (He
  /// et al., 2016); the first layer does not.
  public var residual = false
  /// Whether the state before anything was seen is learned, one for all sequences, instead of zeros.
  public var learnsInitialState = false
  /// What becomes of the outputs of the two directions, where there are two.
  public var merging = Merging.concatenate

  public enum Merging: String, Sendable, Codable {
    /// Side by side, those of the forward direction first: [..., 2·hidden].
    case concatenate
    /// Added up: [..., hidden].
    case sum
  }

  public init(
    dropout: Double = 0, residual: Bool = false, learnsInitialState: Bool = false, merging: Merging = .concatenate
  ) {
    (self.dropout, self.residual, self.learnsInitialState, self.merging) = (
      dropout, residual, learnsInitialState, merging
    )
  }
}
