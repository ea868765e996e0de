import CharrnnCommandSupport
import SequenceModeling

/// The settings that `train` chooses for a text, where options do not say them.
struct ChosenSettings {
  var settings: TrainingSettings
  var limits: TrainingLimits
  /// Names of the settings that were chosen.
  let names: [String]
  /// Choices with their reasons, for the user; empty where an earlier start of the run chose it.
  private let choices: [TrainingPlan.Choice]

  /// The choice for a run that begins; nil with `--plain`.
  ///
  /// - Parameter begun: directory of a run that is to go on; what it chose before stays.
  static func ofBeginning(
    _ arguments: ParsedArguments, _ settings: TrainingSettings, _ limits: TrainingLimits, on corpus: Corpus,
    from initial: ModelFile<Float>?, begun: RunDirectory?, threads: Int
  ) throws -> ChosenSettings? {
    if arguments[TrainOptions.plain] { return nil }
    return try begun.flatMap { try ChosenSettings(settings, limits, ofBegun: $0) }
      ?? ChosenSettings(arguments, settings, limits, on: corpus, from: initial, threads: threads)
  }

  /// - Parameters:
  ///   - settings: those that the options describe.
  ///   - limits: those that were given.
  ///   - initial: the model to start from, whose structure is kept.
  private init(
    _ arguments: ParsedArguments, _ settings: TrainingSettings, _ limits: TrainingLimits, on corpus: Corpus,
    from initial: ModelFile<Float>?, threads: Int
  ) throws {
    var (settings, given) = (settings, Set(arguments.givenNames))
    if let initial {
      for field in SettingField.all where field.isStructural && !given.contains(field.name) {
        field.set(field.value(in: TrainingSettings(architecture: initial.model.architecture)), in: &settings)
        given.insert(field.name)
      }
    }
    func chosen(_ operations: Double?) throws -> TrainingPlan {
      try TrainingPlan(for: corpus, keeping: settings, given: given, limits: limits, operations: operations)
    }
    var plan = try chosen(nil)
    if let seconds = limits.seconds {
      let speed = try CharacterRun(settings: plan.settings, corpus: corpus, threads: threads)
        .measureSpeed(seconds: min(0.5, seconds / 20), sample: 0)
      // Some of the time goes to reading, validating and saving.
      plan = try chosen(0.9 * seconds * speed.trainGigaflops * 1e9)
    }
    if let problem = plan.settings.problem { throw arguments.usageFailure("\(problem)") }
    (self.settings, self.limits, choices) = (plan.settings.canonical, plan.limits, plan.choices)
    let chosen = Set(plan.choices.flatMap(\.names))
    names = SettingField.all.map(\.name).filter(chosen.contains)
  }

  /// The choice of a run that was stopped before its first state was saved; nil where it chose nothing.
  private init?(_ settings: TrainingSettings, _ limits: TrainingLimits, ofBegun directory: RunDirectory) throws {
    guard let values = try StoredOptions(directory).chosen() else { return nil }
    (self.settings, self.limits, choices) = (settings, limits, [])
    names = values.map(\.field.name)
    for (field, value) in values { field.set(value, in: &self.settings) }
  }

  /// Tells the user what was chosen, and the command line that says the same.
  func announce(_ arguments: ParsedArguments) {
    if choices.isEmpty { return }
    for choice in choices {
      notice("chose \(choice.names.map(option).joined(separator: " ")): \(choice.reason)")
    }
    let command = TrainCommand.command(arguments[TrainCommand.corpora])
    notice("the same said explicitly: \(command) \(explicitOptions(settings, limits))")
  }

  private func option(_ name: String) -> String {
    name == "steps" ? "--steps \(limits.steps ?? 0)" : "--\(name) \(SettingField.named(name).value(in: settings))"
  }
}

/// Options that describe settings and limits, beside `--plain`.
func explicitOptions(_ settings: TrainingSettings, _ limits: TrainingLimits) -> String {
  let fields = SettingField.all.filter { field in
    field.group != .derived && field.value(in: settings) != field.defaultValue
  }
  let ends = [
    limits.epochs.map { "--epochs \($0)" }, limits.steps.map { "--steps \($0)" },
    limits.seconds.map { "--time \(Readable.fixed($0, digits: $0 == $0.rounded() ? 0 : 3))s" },
  ]
  let options = fields.map { field in
    field.kind == .flag ? "--\(field.name)" : "--\(field.name) \(field.value(in: settings))"
  }
  return (["--plain"] + options + ends.compactMap { $0 }).joined(separator: " ")
}
