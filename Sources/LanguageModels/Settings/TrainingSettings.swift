import ModelTraining
import SequenceText
import TensorCore

/// Everything that decides the result of a training run, beside the corpus: two runs of the same settings on the same corpus
/// have the same bits at the same step.
///
/// A property's initial value is the default; the range, the option and the help of each stand in `SettingField.all`.
/// Fields of the architecture read as fields of the settings: `settings.hidden`.
@dynamicMemberLookup
public struct TrainingSettings: Sendable, Equatable {
  public var architecture = Architecture()
  /// Weight α of the activation regularization; 0 for none.
  public var activationRegularization = 0.0
  /// Weight β of the temporal activation regularization; 0 for none.
  public var temporalRegularization = 0.0
  /// Decay of weights; nil for the optimizer's own (AdamW's is 0.01, the others' 0).
  public var weightDecay: Double?
  /// Streams trained side by side.
  public var batch = 50
  /// Tokens of each stream from update to update, and as a rule steps of backpropagation through time.
  public var length = 50
  /// Steps that gradients flow back; nil for `length`. See `TruncatedWindows`.
  public var backwardLength: Int?
  /// Whether the steps of backpropagation through time vary in length, drawn anew for each epoch.
  public var variesLength = false
  public var optimizer = OptimizerName.adam
  public var learningRate = 0.002
  /// Largest global norm of the gradients; 0 for none.
  public var clip = 5.0
  /// Share of the updates, the last ones, whose weights are averaged in the model that is validated and kept; 0 for the newest
  /// weights alone.
  public var averaging = 0.0
  /// Whether each line of the corpus is a document.
  public var areItems = false
  /// Text that ends each document of the corpus; nil where none does.
  public var separator: String?
  /// Whether each file of the corpus is a document.
  public var filesAreDocuments = false
  /// Pieces that the parts of the corpus are made of; nil for documents where there are several, else the text as it is.
  public var splitUnit: CorpusArrangement.Unit?
  /// Whether the last file of the corpus is the validation part.
  public var lastFileValidates = false
  /// Fraction of the corpus held out for validation, in decimal digits, so that the split is exact.
  public var validationFraction = "0.05"
  /// Fraction held out for a final test.
  public var testFraction = "0.05"
  /// Scheduled validations without improvement after which training ends; nil for never.
  public var patience: Int?
  public var tokens = TokenKind.character
  /// Symbols of a vocabulary of words or subwords; nil for as many as suit the corpus.
  public var symbols: Int?
  public var precision = Precision.float32
  public var schedule = Schedule.constant
  /// Updates that a schedule of the whole run spans, counted for the run as it was first meant to be: as a rule
  /// `limits.lastStep(stepsPerEpoch: settings.stepsPerEpoch(on: corpus))`. Other schedules need none.
  public var horizon: Int?
  public var seed = 1
  /// Steps between validations; nil for an epoch.
  public var validateEvery: Int?

  public init(architecture: Architecture = Architecture()) { self.architecture = architecture }

  public subscript<Value>(dynamicMember path: WritableKeyPath<Architecture, Value>) -> Value {
    get { architecture[keyPath: path] }
    set { architecture[keyPath: path] = newValue }
  }

  /// Precision of the arithmetic.
  public enum Precision: String, Sendable, CaseIterable {
    case float32
    /// Products of numbers rounded to bfloat16, added up in single precision; weights, states and moments stay in single
    /// precision.
    case bfloat16
    /// Products of numbers split into two bfloat16 numbers each, nearly as exact as single precision: see
    /// `ProductFormat.splitBFloat16`.
    case splitBFloat16 = "split-bfloat16"

    var products: ProductFormat {
      switch self {
      case .float32: .full
      case .bfloat16: .bfloat16
      case .splitBFloat16: .splitBFloat16
      }
    }

    /// Whether this machine can compute so.
    public var isSupported: Bool { products.isSupported(for: Float.self) }

    /// Whether it takes longer here than single precision: see `ProductFormat.isEmulated`.
    public var isEmulated: Bool { products.isEmulated }
  }

  var documents: CorpusArrangement.Documents {
    areItems ? .lines : filesAreDocuments ? .files : separator.map { .ending($0) } ?? .whole
  }

  /// Arrangement of the corpus.
  public var arrangement: CorpusArrangement {
    CorpusArrangement(documents: documents, unit: splitUnit, lastFileValidates: lastFileValidates)
  }

  /// Shape of a model for a vocabulary of the given size.
  public func shape(vocabulary: Int) -> ModelShape { ModelShape(architecture, vocabulary: vocabulary) }

  var penalties: ActivationPenalties {
    ActivationPenalties(activation: activationRegularization, temporal: temporalRegularization)
  }

  /// The canonical form of these settings, in which runs are compared and stored: optional settings that repeat a default are nil.
  public var canonical: TrainingSettings {
    var settings = self
    if splitUnit == CorpusArrangement(documents: documents).unit { settings.splitUnit = nil }
    // Only AdamW decays weights unless it is told otherwise.
    if weightDecay == 0 && optimizer != .adamW { settings.weightDecay = nil }
    // With varied lengths, a fixed backward length makes another run.
    if backwardLength == length && !variesLength { settings.backwardLength = nil }
    return settings
  }

  /// The canonical form where the steps of an epoch are known, nil where not: an interval of as many between validations is nil too.
  package func canonical(stepsPerEpoch: Int?) -> TrainingSettings {
    var settings = canonical
    if validateEvery == stepsPerEpoch { settings.validateEvery = nil }
    return settings
  }

  /// These settings with the values that nil lengths stand for. Backward lengths that vary with the lengths stay nil.
  public func resolved(stepsPerEpoch: Int) -> TrainingSettings {
    var settings = self
    if !variesLength { settings.backwardLength = backwardLength ?? length }
    settings.validateEvery = validateEvery ?? stepsPerEpoch
    return settings
  }
}
