import Foundation
import ModelTraining
import SequenceText
import TensorCore

/// What decides the result of a training run, beside the corpus: two runs of the same settings on the same corpus have the
/// same bits at the same step.
public struct TrainingSettings: Sendable, Equatable, Codable {
  public var cell = CellKind.lstm
  public var layers = 2
  public var hidden = 128
  /// The width of the token embedding; 0 means that tokens enter as one-hot vectors.
  public var embedding = 0
  /// True or nil, so that records of runs that are not tied say nothing of it.
  private var tied: Bool?
  /// The probability that a unit between layers, and before the decoder, is dropped.
  public var dropout = 0.0
  /// Nil where there are none, so that records of plain runs say nothing of them.
  private var refined: ModelRefinements?
  /// α of the activation regularization; nil for none.
  public var activationRegularization: Double?
  /// β of the temporal activation regularization; nil for none.
  public var temporalRegularization: Double?
  /// The optimizer's decay of weights; nil for its own (AdamW's is 0.01, the others' 0).
  public var weightDecay: Double?
  /// Streams side by side.
  public var batch = 50
  /// Tokens of each stream from update to update, and as a rule steps of backpropagation through time.
  public var length = 50
  /// Steps that gradients flow back, where they are not those between updates: see `TruncatedWindows`.
  public var backwardLength: Int?
  /// True or nil, so that records of runs whose steps are all of one length say nothing of it.
  private var varied: Bool?
  public var optimizer = OptimizerName.adam
  public var learningRate = 0.002
  /// The largest global norm of the gradients; 0 for none.
  public var clip = 5.0
  /// As it was written, so that the split is exact.
  public var validationFraction = "0.05"
  public var testFraction = "0.05"
  /// Scheduled validations without improvement after which training ends; nil for never.
  public var patience: Int?
  public var tokens = TokenKind.character
  public var precision = Precision.float32
  public var schedule = Schedule.constant
  /// Updates that a schedule of the whole run spans, those of the run as it was first meant to be: as a rule
  /// `limits.lastStep(stepsPerEpoch: settings.stepsPerEpoch(on: corpus))`. Other schedules need none.
  public var horizon: Int?
  public var seed: UInt64 = 1
  /// Steps between validations; nil for an epoch.
  public var validateEvery: Int?

  public init() {}

  /// Whether the decoder's weight is the token embedding.
  public var isTied: Bool {
    get { tied ?? false }
    set { tied = newValue ? true : nil }
  }

  /// What the model has beyond the plain architecture.
  public var refinements: ModelRefinements {
    get { refined ?? ModelRefinements() }
    set { refined = newValue == ModelRefinements() ? nil : newValue }
  }

  /// Whether the steps of backpropagation through time vary in length, drawn anew for each epoch.
  public var variesLength: Bool {
    get { varied ?? false }
    set { varied = newValue ? true : nil }
  }

  public enum OptimizerName: String, Sendable, Codable, CaseIterable {
    case adam
    case adamW = "adamw"
    case nAdam = "nadam"
    case sgd
    case rmsProp = "rmsprop"
    case adaGrad = "adagrad"
    case adaDelta = "adadelta"

    fileprivate func settings(learningRate: Double) -> OptimizerSettings {
      switch self {
      case .adam: .adam(learningRate: learningRate)
      case .adamW: .adamW(learningRate: learningRate)
      case .nAdam: .nAdam(learningRate: learningRate)
      case .sgd: .sgd(learningRate: learningRate, momentum: 0.9)
      case .rmsProp: .rmsProp(learningRate: learningRate)
      case .adaGrad: .adaGrad(learningRate: learningRate)
      case .adaDelta: .adaDelta(learningRate: learningRate)
      }
    }
  }

  /// The precision of the arithmetic.
  public enum Precision: String, Sendable, Codable, CaseIterable {
    case float32
    /// Products of numbers rounded to bfloat16, added up in single precision; weights, states and moments stay in single
    /// precision.
    case bfloat16

    var products: ProductFormat { self == .float32 ? .full : .bfloat16 }

    /// Whether this machine can compute so.
    public var isSupported: Bool { products.isSupported(for: Float.self) }
  }

  /// A precision that this machine cannot compute in.
  public struct UnsupportedPrecision: Error, Equatable, CustomStringConvertible {
    public let precision: Precision

    public var description: String {
      "precision \(precision.rawValue): neither AMX nor AVX512-BF16 is in the instruction set in use ("
        + "\(InstructionSet.current.rawValue)); use --precision float32"
    }
  }

  /// Settings that no run can have.
  public struct Unusable: Error, Equatable, CustomStringConvertible {
    public let problem: String

    public var description: String { problem }
  }

  /// A model or a batch that this machine has not the memory for.
  public struct TooLarge: Error, Equatable, CustomStringConvertible {
    public let bytes, available: Double

    public var description: String {
      String(
        format: "training so would take about %.0f GB of memory, and this machine has %.0f; choose a smaller --hidden, "
          + "--layers, --embedding, --batch, --length or --backward-length", bytes / 1e9, available / 1e9)
    }
  }

  /// What is wrong with the numbers; nil if a run can be made of them.
  public var problem: String? {
    let least = [
      ("batch", batch), ("length", length), ("backwardLength", backwardLength ?? 1), ("patience", patience ?? 1),
      ("validateEvery", validateEvery ?? 1), ("horizon", horizon ?? 1),
    ]
    for (name, value) in least where value < 1 { return "\(name) is \(value); it must be at least 1" }
    if schedule.spansHorizon && horizon == nil { return "the schedule \(schedule.rawValue) has no horizon" }
    if seed > Int.max { return "seed is \(seed); it must be at most \(Int.max)" }
    for (name, value) in [
      ("clip", clip), ("activationRegularization", activationRegularization ?? 0),
      ("temporalRegularization", temporalRegularization ?? 0),
    ] where !(value >= 0 && value.isFinite) {
      return "\(name) is \(value); it must be a number from 0 up"
    }
    if variesLength && length < TruncatedWindows.leastVaried {
      return
        "a length of \(length) is too short to vary; keep it as it is, or make it at least \(TruncatedWindows.leastVaried)"
    }
    return optimizerSettings.problem ?? configuration(vocabulary: 1).problem
  }

  /// The rule that updates parameters, with the length of its steps and the decay of weights.
  var optimizerSettings: OptimizerSettings {
    var settings = optimizer.settings(learningRate: learningRate)
    if let weightDecay {
      settings.decay = weightDecay == 0 ? .none : optimizer == .adamW ? .decoupled(weightDecay) : .l2(weightDecay)
    }
    return settings
  }

  var penalties: ActivationPenalties {
    ActivationPenalties(activation: activationRegularization ?? 0, temporal: temporalRegularization ?? 0)
  }

  /// The architecture for a vocabulary of the given size.
  public func configuration(vocabulary: Int) -> ModelConfiguration {
    ModelConfiguration(
      cell: cell, layers: layers, hidden: hidden, embedding: embedding, isTied: isTied, dropout: dropout,
      refinements: refinements, vocabulary: vocabulary)
  }
}

/// When training ends: of what is given, the first one reached. With nothing given, after the longer of 50 epochs and 3,000
/// steps.
public struct TrainingLimits: Sendable, Equatable {
  /// Counted from the start of the run, also when it is resumed.
  public var epochs: Int?
  /// Counted from the start of the run, also when it is resumed.
  public var steps: Int?
  /// From the start of this call.
  public var seconds: Double?

  public init(epochs: Int? = nil, steps: Int? = nil, seconds: Double? = nil) {
    self.epochs = epochs
    self.steps = steps
    self.seconds = seconds
  }

  /// The step to end after; nil where time alone ends the run.
  public func lastStep(stepsPerEpoch: Int) -> Int? {
    let epochSteps = epochs.map { epochs in
      let (steps, overflow) = epochs.multipliedReportingOverflow(by: stepsPerEpoch)
      return overflow ? Int.max : steps
    }
    if let first = [steps, epochSteps].compactMap({ $0 }).min() { return first }
    return seconds == nil ? max(50 * stepsPerEpoch, 3000) : nil
  }
}

/// What a run writes and shows beside its result; none of it changes the result.
public struct TrainingReporting: Sendable, Equatable {
  /// Steps between samples; 0 for none; nil for the whole epochs that make up at least 500 steps.
  public var sampleEvery: Int?
  /// Steps between saves of `last`; nil for an epoch. It is saved at least every minute besides.
  public var checkpointEvery: Int?
  /// Whole epochs that make up at least 500 steps.
  public static func usualSampleInterval(stepsPerEpoch: Int) -> Int {
    (500 + stepsPerEpoch - 1) / stepsPerEpoch * stepsPerEpoch
  }

  /// Tokens in a sample.
  public var sampleLength = 300

  public init(sampleEvery: Int? = nil, checkpointEvery: Int? = nil) {
    self.sampleEvery = sampleEvery
    self.checkpointEvery = checkpointEvery
  }
}
