import TensorCore

/// Shape of a window: the steps that a model reads, and those that it forecasts.
///
/// A window ends at step t. It holds `lag` steps, t − lag + 1 … t, and its forecast is the values of the `horizon` steps
/// t + 1 … t + horizon, each with all variables: [horizon × variables], the variables of one step side by side.
public struct ForecastWindow: Sendable, Equatable {
  /// Steps that a model reads.
  public let lag: Int
  /// Steps that it forecasts.
  public let horizon: Int
  /// Steps from the end of one window to the end of the next.
  public let stride: Int
  public let targets: Targets
  /// The input of step t has the covariates of step t + `covariateLead`. 0 for ones that are measured as the values are, up to
  /// the horizon for ones that are known before, such as a calendar.
  public let covariateLead: Int
  /// Whether values are differences from the window's first: inputs and targets, each variable for itself. A model then reads
  /// the shape of a window, whatever its level, and follows a trend beyond the levels that it was trained on.
  public let isRelative: Bool

  /// Steps of a window that have targets.
  public enum Targets: Sendable {
    /// Many to one: the last step, with the forecast. For models that give one output for a sequence.
    case ofLastStep
    /// Many to many: every step, each with the `horizon` steps after itself, so that a window of 50 steps teaches 50 forecasts.
    /// The last step's is the forecast. For models that give an output for each step and look at no later ones.
    case ofEachStep
  }

  /// - Precondition: lag, horizon and stride are at least 1, and the lead is in 0...horizon.
  public init(
    lag: Int, horizon: Int, stride: Int = 1, targets: Targets = .ofLastStep, covariateLead: Int = 0,
    isRelative: Bool = false
  ) {
    require(
      lag > 0 && horizon > 0 && stride > 0 && (0...horizon).contains(covariateLead),
      "ForecastWindow: a lag of \(lag), a horizon of \(horizon), a stride of \(stride) and a lead of \(covariateLead); "
        + "the first three are at least 1, and the lead is at most the horizon")
    (self.lag, self.horizon, self.stride, self.targets) = (lag, horizon, stride, targets)
    (self.covariateLead, self.isRelative) = (covariateLead, isRelative)
  }
}
