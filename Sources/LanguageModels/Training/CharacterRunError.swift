import SequenceText
import TensorCheckpoints
import TensorCore

/// Why a run cannot be made.
public enum CharacterRunError: Error, Equatable, CustomStringConvertible {
  case settings(SettingProblem)
  /// This machine cannot compute in the precision, of a new run or of one that was to be resumed.
  case unsupportedPrecision(TrainingSettings.Precision, instructionSet: String, isResumed: Bool)
  /// A device trains in single precision alone, a new run or one that was to be resumed.
  case precisionOnDevice(TrainingSettings.Precision, device: String, isResumed: Bool)
  /// The model or the batch needs more memory, in bytes, than this process may use.
  case tooLarge(bytes: Double, available: Double)
  /// A schedule of the whole run whose length in steps is not given.
  case noHorizon(TrainingSettings.Schedule)
  /// A setting that follows validations, and too few tokens are held out for one.
  ///
  /// - Parameter setting: its name and value.
  case noValidation(setting: String, tokens: Int)
  /// A corpus in other tokens than those of the settings.
  case otherTokens(TokenKind, settings: TokenKind)
  /// More processes than sequences in a batch, of which each needs one.
  case tooManyRanks(Int, batch: Int)
  case corpus(CorpusError)
  case split(CorpusSplitError)
  /// The run to resume was trained on another corpus.
  case corpusChanged(file: String, tokensThen: Int, tokensNow: Int)
  /// Text as before, cut into other files, by which it is split.
  case filesChanged(file: String)
  /// The weights to start from cannot be taken.
  case transfer(WeightTransferError)
  /// The checkpoint to resume from holds no run of these settings.
  case modelFile(ModelFileError)
  /// The checkpoint to resume from lacks a tensor.
  case checkpoint(SafetensorsError)

  public var description: String {
    switch self {
    case .settings(let problem): problem.description
    case .unsupportedPrecision(let precision, let instructionSet, _):
      "precision \(precision.rawValue): neither AMX nor AVX512-BF16 is in the instruction set in use (\(instructionSet))"
    case .precisionOnDevice(let precision, let device, _):
      "precision \(precision.rawValue): \(device) trains in float32 alone"
    case .tooLarge(let bytes, let available):
      "training so would take about \(byteSize(bytes, rounded: .up)) of memory, and \(byteSize(available, rounded: .down)) are left for it"
    case .noHorizon(let schedule): "schedule \(schedule.rawValue) needs a horizon in steps"
    case .noValidation(let setting, let tokens):
      "\(setting) needs validations, and "
        + (tokens == 0 ? "nothing is held out for them" : "1 token held out for them is too few")
    case .otherTokens(let kind, let wanted):
      "the corpus is in tokens of the kind \(kind.rawValue), and the settings say \(wanted.rawValue); give both the same"
    case .tooManyRanks(let ranks, let batch):
      "\(ranks) processes cannot share a batch of \(counted(batch, "stream")): each needs one"
    case .corpus(let error): error.description
    case .split(let error): error.description
    case .corpusChanged(let file, let then, let now):
      "\(file): the corpus has changed since this run began"
        + (then == now ? " (as many tokens, other content)" : " (\(then) tokens then, \(now) now)")
    case .filesChanged(let file):
      "\(file): the corpus is cut into other files than when this run began, and split by them"
    case .transfer(let error): error.description
    case .modelFile(let error): error.description
    case .checkpoint(let error): error.description
    }
  }
}
