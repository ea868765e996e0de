import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The options of `train`, and the settings and limits that they describe.
package enum TrainOptions {
  static let out = Option("out", .path("DIR"), defaultNote: "runs/<corpus name>", help: "run directory")
  static let epochs = Option(
    "epochs", .count(atLeast: 1), help: "passes over the training text, from the start of the run")
  static let steps = Option("steps", .count(atLeast: 1), help: "updates, from the start of the run")
  static let time = Option("time", .duration, help: "how long to train now")
  static let sampleEvery = Option(
    "sample-every", .count(atLeast: 0), defaultNote: "whole epochs, at least 500",
    help: "steps between samples; 0 is never")
  static let checkpointEvery = Option(
    "checkpoint-every", .count(atLeast: 1),
    defaultNote: "an epoch, or several where saving would take over 5% of the time",
    help: "steps between saves; each minute besides")
  static let keep = Option(
    "keep", .count(atLeast: 0), default: 0,
    help: "how many saved states stay beside the last, as step-000120.safetensors")
  static let overwrite = Flag(
    "overwrite", help: "replace the run in --out, or that of this corpus in runs/<corpus name>")
  static let resume = Flag("resume", help: "go on with the run in --out, or the newest of this corpus, exactly")
  static let tensorboard = Flag(
    "tensorboard", help: "keep events for TensorBoard in the run directory: tensorboard --logdir runs")
  static let validation = Option(
    "validation", .path("FILE"), defaultNote: "a part of the text",
    help: "text to validate on, in place of a part of the others")
  static let include = Option(
    "include", .nonEmptyText("PATTERNS"), defaultNote: "all",
    help: "files of a folder to read, as '*.txt,*.md'")
  static let ignore = Option(
    "ignore", .nonEmptyText("PATTERNS"), defaultNote: "none",
    help: "files and folders in a folder not to read; hidden ones, runs and what is no text are never read")
  static let initFrom = Option("init-from", .path("MODEL"), help: "start from a model's weights, matched by symbol")

  static let tokenizer = Option(
    "tokenizer", .path("FILE"), defaultNote: "found in the text",
    help: "vocabulary of subwords: a tokenizer.json of Hugging Face with a byte-level BPE model")

  static let memory = Option(
    "memory", .byteCount, defaultNote: "all there is",
    help:
      "memory that the process may take, about, such as 200M or 1.5G (given again with --resume); with less than training takes, "
      + "activations are computed twice, with the same results")

  static let plain = Flag("plain", help: "choose nothing for the text: take the default of every option")

  private static let settings = SettingOptions(
    [.model, .dropping, .penalty, .updates, .tokens, .arithmetic, .randomness, .split, .ending, .validation],
    chosen: TrainingPlan.chosenNames)

  static let groups =
    groupsOfTraining + [
      OptionGroup(
        "Run",
        [OptionFile.option, plain, out, resume, overwrite, initFrom] + settings.options(.validation)
          + [
            sampleEvery, checkpointEvery, keep, tensorboard, CommonOptions.threads, DeviceChoice.optionWithAuto, memory,
          ])
    ]

  /// Bytes that --memory leaves for training beside what the process holds already, its text above all; nil without it.
  static func memoryLeft(_ arguments: ParsedArguments) -> Double? {
    arguments[memory].map { max(0, $0 - MemoryLimit.resident) }
  }

  /// Options of a forecast: those that decide the course of a run.
  static let groupsOfForecast =
    groupsOfTraining + [
      OptionGroup(
        "Forecast",
        [OptionFile.option, plain, initFrom] + settings.options(.validation) + [
          CommonOptions.threads, CommonOptions.json,
        ])
    ]

  private static let groupsOfTraining =
    [ModelOptions.architecture(settings)] + ModelOptions.training(settings) + [
      OptionGroup(
        "How long (the first one reached ends it; with --plain and none given, the longer of 50 epochs and 3000 steps)",
        [epochs, steps, time] + settings.options(.ending)),
      OptionGroup("Data", [tokenizer, include, ignore, validation] + settings.options(.split)),
    ]

  /// Texts that the command line names; one that is for validation alone is the last.
  static func texts(_ arguments: ParsedArguments) throws -> TextInput {
    if let name = arguments[validation], TextInput.isFolder(name) {
      throw arguments.usageFailure("--validation \(shellWord(name)) is a folder; name one file")
    }
    func patterns(_ option: Option<String?>) -> [String] {
      (arguments[option] ?? "").split(separator: ",").map(String.init)
    }
    return try TextInput(
      arguments[TrainCommand.corpora] + [arguments[validation]].compactMap { $0 }, of: arguments,
      selection: TextFolder.Selection(included: patterns(include), ignored: patterns(ignore)))
  }

  /// The settings that the options describe.
  ///
  /// - Parameters:
  ///   - run: settings of the run that is resumed; options not given keep its values.
  ///   - epoch: steps of the run's epoch, the validation interval of a run that names none; nil where that is not known.
  ///   - structure: that of the model, in the place of defaults.
  /// - Throws: a usage failure for settings that no run can have, and for an option that differs from the run's.
  package static func settings(
    _ arguments: ParsedArguments, resuming run: TrainingSettings?, epoch: Int? = nil, structure: Architecture? = nil
  ) throws -> TrainingSettings {
    try ModelOptions.refuseBidirectional(arguments)
    if arguments.gives(validation) && arguments.givenNames.contains("validation-fraction") {
      throw arguments.usageFailure("--validation names the text to validate on; leave out --validation-fraction")
    }
    if arguments.gives(tokenizer) && arguments.givenNames.contains("symbols") {
      throw arguments.usageFailure("--tokenizer brings its own symbols; leave out --symbols")
    }
    var settings = try settings.settings(arguments, resuming: run, epoch: epoch, structure: structure)
    guard arguments.gives(tokenizer) else { return settings }
    if arguments.givenNames.contains("tokens") || run != nil, settings.tokens != .subword {
      throw arguments.usageFailure(
        "--tokenizer is a vocabulary of subwords, and the tokens are \(settings.tokens.rawValue)s; leave one of them out"
      )
    }
    settings.tokens = .subword
    if let problem = settings.problem { throw arguments.usageFailure("\(problem)") }
    return settings
  }

  /// Limits of the training. Where a run is resumed, or begins again, and none of the options is given, those that it was begun with.
  package static func limits(_ arguments: ParsedArguments, resuming directory: RunDirectory?) throws -> TrainingLimits {
    let given = TrainingLimits(
      epochs: arguments[epochs], steps: arguments[steps], seconds: arguments[time].map { $0 / .seconds(1) })
    guard given == TrainingLimits(), let directory else { return given }
    return try StoredOptions(directory).limits()
  }

  /// How often to sample and to save. Where a run is resumed, an option that is not given is that which it was begun with.
  static func reporting(_ arguments: ParsedArguments, resuming directory: RunDirectory?) throws -> TrainingReporting {
    var reporting = try directory.map { try StoredOptions($0).reporting() } ?? TrainingReporting()
    if let given = arguments[sampleEvery] { reporting.sampleEvery = given }
    if let given = arguments[checkpointEvery] { reporting.checkpointEvery = given }
    if arguments.gives(keep) { reporting.kept = arguments[keep] }
    return reporting
  }

  /// Whether a text is no more than an example.
  static func isTiny(_ run: CharacterRun) -> Bool { run.corpus.tokens.count < 500 }

  /// Says which fractions hold out fewer tokens than are needed to measure anything.
  static func noticeSmallParts(of run: CharacterRun, _ arguments: ParsedArguments) {
    if isTiny(run) && !arguments[plain] {
      notice("\(counted(run.corpus.tokens.count, "token")) are few to learn from; some 10,000 are a start")
    }
    let (least, settings) = (TrainingSettings.leastHeldOut, run.settings)
    func noticeSmall(_ part: Range<Int>, _ fraction: String, _ option: String) {
      if part.count >= least || DecimalFraction(fraction) == DecimalFraction("0") { return }
      notice(
        "--\(option) \(fraction) holds out \(part.isEmpty ? "nothing" : "1 token") of this text, too little to measure on"
      )
    }
    if !settings.lastFileValidates {
      noticeSmall(run.split.validation, settings.validationFraction, "validation-fraction")
    } else if run.split.validation.count < least {
      notice("--validation holds 1 token, too little to measure on")
    }
    noticeLarge(run.split.test, settings.testFraction, "test")
    if !settings.lastFileValidates { noticeLarge(run.split.validation, settings.validationFraction, "validation") }
    // There may be too few documents; and who asks for a test part must know that there is none.
    if arguments.givenNames.contains("test-fraction") || run.text.documentStarts != nil {
      noticeSmall(run.split.test, settings.testFraction, "test-fraction")
    }

    /// Whole pieces may be far from the fraction that was meant.
    func noticeLarge(_ part: Range<Int>, _ fraction: String, _ name: String) {
      let (share, meant) = (Double(part.count) / Double(run.split.test.upperBound), Double(fraction) ?? 0)
      if share > 2 * meant + 0.01 && !isTiny(run) {
        notice(
          "the \(name) part is \(Readable.fixed(100 * share, digits: 0))% of the text, for its pieces are large; --split-by chooses "
            + "others")
      }
    }
  }
}
