import TensorCore

/// Decay of weights towards 0 at every update, and the parameters that it applies to.
///
/// It comes after clipping, which is based on the gradient of the loss alone:
/// g ← clipped g + l2·w + l1·sign(w), where sign(0) is 0; then w ← w − rate·decoupled·w; then the rule.
public struct WeightDecay: Sendable, Equatable, Codable {
  /// The derivative of ½·l2·Σw², added to the gradient.
  public var l2: Double
  /// The derivative of l1·Σ|w|, added to the gradient.
  public var l1: Double
  /// Share that a weight loses per update at a learning rate of 1, independent of gradient and moments (Loshchilov and Hutter,
  /// "Decoupled weight decay regularization", ICLR 2019).
  public var decoupled: Double
  /// The parameters that decay.
  public var scope: Scope

  public init(l2: Double = 0, l1: Double = 0, decoupled: Double = 0, on scope: Scope = .all) {
    self.l2 = l2
    self.l1 = l1
    self.decoupled = decoupled
    self.scope = scope
  }

  public static var none: WeightDecay { WeightDecay() }

  public static func l2(_ amount: Double, on scope: Scope = .all) -> WeightDecay { WeightDecay(l2: amount, on: scope) }

  public static func l1(_ amount: Double, on scope: Scope = .all) -> WeightDecay { WeightDecay(l1: amount, on: scope) }

  public static func decoupled(_ amount: Double, on scope: Scope = .all) -> WeightDecay {
    WeightDecay(decoupled: amount, on: scope)
  }

  /// Which parameters decay.
  public enum Scope: Sendable, Equatable, Codable {
    case all
    /// Parameters of rank 2 and above: neither biases nor the scales of normalizations.
    case matrices
    /// All but these names. A name matches the parameter of that full name and all that end in a dot and the name:
    /// "bias" for "bias" and "hidden.bias", not for "hidden.rebias".
    case allExcept([String])
  }

  /// Whether the parameter of this full name and shape decays.
  public func applies(to name: String, shape: TensorShape) -> Bool {
    switch scope {
    case .all: true
    case .matrices: shape.rank >= 2
    case .allExcept(let names): !names.contains { name == $0 || name.hasSuffix("." + $0) }
    }
  }

  /// Description of the first invalid number; nil if all are valid.
  public var problem: String? {
    [("l2", l2), ("l1", l1), ("decoupled", decoupled)].first { !($0.1 >= 0 && $0.1.isFinite) }
      .map { "the weight decay \($0.0) is \($0.1); it must be a number from 0 up" }
  }
}
