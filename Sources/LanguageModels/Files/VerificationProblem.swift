import TensorCore

/// A file of a run that is whole by itself or not, and does not belong to the others.
public struct VerificationProblem: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let kind: Kind

  public enum Kind: Sendable, Equatable {
    /// - Parameter line: nil for the whole file.
    case noObject(line: Int?)
    /// A last line that does not end.
    case openLine(number: Int)
    /// Something that must be equal in all models of a run and differs from another file's.
    case otherRun(String, file: String)
    /// A setting that is not the model's.
    case otherSetting(String, found: String, model: String)
  }

  public var description: String {
    switch kind {
    case .noObject(nil): "\(file): is no JSON object"
    case .noObject(let line?): "\(file): line \(line) is no JSON object with a step"
    case .openLine(let number): "\(file): line \(number) is cut short: it does not end with a line feed"
    case .otherRun(let difference, let other): "\(file): its \(difference) is not that of \(other)"
    case .otherSetting(let name, let found, let model):
      "\(file): \(name) is \(found.printable(atMost: 60)), the model's is \(model)"
    }
  }
}
