/// Functions called during a fit: to show progress, to save the model, to end the fit.
public struct FitCallback<Model: Sendable> {
  public enum Reply: Sendable { case goOn, stop }

  let afterStep: (StepReport) throws -> Void
  let afterEpoch: (EpochReport, Model) throws -> Reply

  public init(
    afterStep: @escaping (StepReport) throws -> Void = { _ in },
    afterEpoch: @escaping (EpochReport, Model) throws -> Reply = { _, _ in .goOn }
  ) {
    self.afterStep = afterStep
    self.afterEpoch = afterEpoch
  }

  /// Called after every update.
  public static func everyStep(_ body: @escaping (StepReport) throws -> Void) -> FitCallback {
    FitCallback(afterStep: body)
  }

  /// Called after every epoch, with the current model.
  public static func everyEpoch(_ body: @escaping (EpochReport, Model) throws -> Void) -> FitCallback {
    FitCallback(afterEpoch: { report, model in
      try body(report, model)
      return .goOn
    })
  }

  /// Ends the fit after the first epoch that meets the condition.
  public static func stop(when condition: @escaping (EpochReport) -> Bool) -> FitCallback {
    FitCallback(afterEpoch: { report, _ in condition(report) ? .stop : .goOn })
  }
}
