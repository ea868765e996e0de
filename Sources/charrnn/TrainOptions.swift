import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The options of `train`, and the way from them to settings.
enum TrainOptions {
  static let out = Option("out", .path("DIR"), defaultNote: "runs/<corpus name>", help: "run directory")
  static let epochs = Option(
    "epochs", .integer(atLeast: 1), help: "passes over the training text, from the start of the run")
  static let steps = Option("steps", .integer(atLeast: 1), help: "updates, from the start of the run")
  static let time = Option("time", .duration, help: "how long to train now")
  static let validationFraction = Option(
    "validation-fraction", .text("FRACTION"), default: "0.05", help: "part of the text held out for validation")
  static let testFraction = Option(
    "test-fraction", .text("FRACTION"), default: "0.05", help: "part held out for a final test, at the end")
  static let patience = Option(
    "patience", .integer(atLeast: 1), defaultNote: "never", help: "validations without improvement to stop after")
  static let validateEvery = Option(
    "validate-every", .integer(atLeast: 1), defaultNote: "an epoch", help: "steps between validations")
  static let sampleEvery = Option(
    "sample-every", .integer(atLeast: 0), defaultNote: "whole epochs, at least 500",
    help: "steps between samples; 0 is never")
  static let checkpointEvery = Option(
    "checkpoint-every", .integer(atLeast: 1), defaultNote: "an epoch", help: "steps between saves; each minute besides")
  static let overwrite = Flag("overwrite", help: "replace the run that --out holds")
  static let resume = Flag("resume", help: "go on with the run in --out, or the newest of this corpus, exactly")
  static let initFrom = Option("init-from", .path("MODEL"), help: "start from a model's weights, matched by symbol")

  static let groups =
    [
      ModelOptions.architecture(hidden: ModelOptions.hidden)
    ] + ModelOptions.training + [
      OptionGroup(
        "How long (the first one reached ends it; else 50 epochs or 3000 steps, the longer)",
        [epochs, steps, time, patience]),
      OptionGroup("Data", [validationFraction, testFraction]),
      OptionGroup(
        "Run",
        [out, resume, overwrite, initFrom, validateEvery, sampleEvery, checkpointEvery, CommonOptions.threads]),
    ]

  /// The settings that the options describe; those not given keep the values of `base`, the run that is resumed.
  ///
  /// - Throws: a usage failure for a fraction that is none, and, with a base, for an option given that differs from it.
  static func settings(_ arguments: ParsedArguments, base: TrainingSettings?) throws -> TrainingSettings {
    var reader = SettingsReader(arguments: arguments, base: base)
    try ModelOptions.read(&reader)
    try reader.take(validationFraction, \.validationFraction, fraction(validationFraction, arguments))
    try reader.take(testFraction, \.testFraction, fraction(testFraction, arguments))
    try reader.take(patience, \.patience)
    try reader.take(validateEvery, \.validateEvery)
    let settings = reader.settings
    if settings.patience != nil && DecimalFraction(settings.validationFraction) == DecimalFraction("0") {
      throw arguments.usageFailure("--patience needs validations, and --validation-fraction 0 leaves none")
    }
    return settings
  }

  /// How long to train. Where a run goes on and none of the options is given, as long as it was to last.
  static func limits(_ arguments: ParsedArguments, resuming directory: RunDirectory?) -> TrainingLimits {
    let given = TrainingLimits(
      epochs: arguments[epochs], steps: arguments[steps], seconds: arguments[time].map { $0 / .seconds(1) })
    guard given == TrainingLimits(), let directory else { return given }
    let stored = StoredOptions(directory)
    return TrainingLimits(epochs: stored.epochs, steps: stored.steps, seconds: stored.time)
  }

  /// The fraction in its canonical form.
  private static func fraction(_ option: Option<String>, _ arguments: ParsedArguments) throws -> String {
    guard let fraction = DecimalFraction(arguments[option]) else {
      throw arguments.usageFailure("--\(option.name) \(arguments[option]) is no decimal fraction such as 0.05")
    }
    return fraction.description
  }
}

/// What of an earlier `config.json` a resumed run goes by.
struct StoredOptions: Decodable {
  var corpora: [String]?
  var epochs: Int?
  var steps: Int?
  var time: Double?
  var initFrom: String?

  enum CodingKeys: String, CodingKey {
    case corpora, epochs, steps, time
    case initFrom = "init_from"
  }

  init() {}

  /// The options of a directory's run; none where they cannot be read.
  init(_ directory: RunDirectory) {
    let data = FileManager.default.contents(atPath: directory.configuration)
    self = data.flatMap { try? JSONDecoder().decode(StoredOptions.self, from: $0) } ?? StoredOptions()
  }
}
