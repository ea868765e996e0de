import SequenceText
import TensorCore

/// A checkpoint that is whole but holds no model, or no run, that can be used.
public struct ModelFileError: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let problem: Problem

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String { "\(file): \(problem)" }

  /// A part of the metadata.
  public enum Part: String, Sendable {
    case architecture = "the architecture"
    case history = "its training history"
    case run = "the state of its run"
  }

  public enum Problem: Sendable, Equatable, CustomStringConvertible {
    case noMetadata(name: String)
    case unknownTokenKind(String)
    case vocabulary(VocabularyError)
    case vocabularySize(symbols: Int, needed: Int)
    /// A tensor named like a parameter that the architecture does not have.
    case extraParameter(String)
    /// Tied weights that stand under two names and are not equal.
    case tiedWeightsDiffer(String, String)
    /// A part of the metadata of more bytes than any such part has.
    case tooLong(Part, bytes: Int, limit: Int)
    /// JSON that cannot be read as that part.
    case malformed(Part, json: String)
    case nameTwice(String, in: Part)
    /// A name that this version would leave unread: it may change the meaning of others.
    case unknownName(String, in: Part)
    /// - Parameter value: nil where its type is another.
    case unreadable(name: String, value: String?, allowed: String, in: Part)
    case missing(name: String, allowed: String, in: Part)
    case settings(SettingProblem, of: Part)
    case progress(String)
    case historyNumbers(step: Int, epoch: Double)
    /// Fractions that split no corpus.
    case fractions(validation: String, test: String)
    /// A separator or pieces of a split that no corpus has.
    case unknownArrangement(separator: String?, splitBy: String?)
    /// A model without a run, where one is to be resumed.
    case noRun
    /// A run that needs more memory, in bytes, than this process may use.
    case tooLarge(bytes: Double, available: Double)
    /// A model that is not the one of the run's own settings.
    case otherModel

    public var description: String {
      switch self {
      case .noMetadata(let name): "its metadata has no \"\(name)\"; it is no charrnn model"
      case .unknownTokenKind(let name): "the kind of token \(name.quotedName) is unknown to this version"
      case .vocabulary(let error): "\(error)"
      case .vocabularySize(let symbols, let needed):
        "the vocabulary has \(counted(symbols, "symbol")), the architecture needs \(needed)"
      case .extraParameter(let name): "its architecture has no parameter \(name.quotedName), which it holds"
      case .tiedWeightsDiffer(let first, let second):
        "the weights are tied, and the tensors \(first.quotedName) and \(second.quotedName) are not equal"
      case .tooLong(let part, let bytes, let limit):
        "\(part.rawValue) has \(bytes) bytes, and at most \(limit) are allowed"
      case .malformed(let part, let json): "\(part.rawValue) is not one that this version knows: \(json.quotedName)"
      case .nameTwice(let name, let part): "\(part.rawValue): the name \(name.quotedName) stands twice"
      case .unknownName(let name, let part):
        "\(part.rawValue) has \(name.quotedName), which is unknown to this version"
      case .missing(let name, let allowed, let part): "\(part.rawValue): \(name) is missing; it must be \(allowed)"
      case .unreadable(let name, let value, let allowed, let part):
        "\(part.rawValue): \(name) is \(value?.quotedName ?? "of another type"); it must be \(allowed)"
      case .settings(let problem, let part): "\(part.rawValue): \(problem)"
      case .progress(let problem): "\(Part.run.rawValue): \(problem)"
      case .historyNumbers(let step, let epoch):
        "\(Part.history.rawValue): step \(step) and epoch \(epoch) are no progress of a run"
      case .fractions(let validation, let test):
        "\(Part.history.rawValue): the fractions \(validation.quotedName) for validation and \(test.quotedName) for test split no "
          + "text"
      case .unknownArrangement(let separator, let splitBy):
        "\(Part.history.rawValue): the separator \((separator ?? "none").quotedName) and the split by "
          + "\((splitBy ?? "documents").quotedName) arrange no text"
      case .noRun: "it holds a model but no state of a run; only a last.safetensors can be resumed"
      case .tooLarge(let bytes, let available):
        "to go on with its run would take about \(byteSize(bytes, rounded: .up)) of memory, and there are \(byteSize(available, rounded: .down)); "
          + "it is damaged, or from a larger machine"
      case .otherModel: "its model is not the one that its own settings describe"
      }
    }
  }
}
