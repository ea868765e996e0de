/// A file of a run that is missing, or that does not belong to the others, whether it is whole by itself or not.
public struct VerificationProblem: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let kind: Kind

  public enum Kind: Sendable, Equatable {
    /// A file that is not there, though another shows that it was.
    case missing(shownBy: String)
    /// A line of the metrics that is no JSON object with a step.
    case noLine(number: Int)
    /// Metrics whose first line does not name the run.
    case noRun
    /// A last line that does not end.
    case openLine(number: Int)
    /// Something that must be equal in all models of a run and differs from another file's.
    case otherRun(String, file: String)
    /// A best model whose validation loss is above the lowest that a state of the run had found.
    case worseThanBest(Double, lowest: Double, file: String)
    /// A kept state that is of another step than its name says.
    case otherStep(found: Int)
    /// A setting that is not the model's.
    case otherSetting(String, model: String)
  }

  public var description: String {
    switch kind {
    case .missing(let other): "\(file): is not there, and \(other) shows that it was"
    case .noLine(let number): "\(file): line \(number) is no JSON object with a step"
    case .noRun: "\(file): no line 1 that names the run; lines are lost"
    case .openLine(let number): "\(file): line \(number) is cut short: it does not end with a line feed"
    case .otherRun(let difference, let other): "\(file): its \(difference) is not that of \(other)"
    case .worseThanBest(let loss, let lowest, let other):
      "\(file): its validation loss is \(loss), and \(other) shows that the run had a model of \(lowest)"
    case .otherStep(let found): "\(file): it is the state of step \(found)"
    case .otherSetting(let name, let model): "\(file): \(name) is not the model's, which is \(model)"
    }
  }
}
