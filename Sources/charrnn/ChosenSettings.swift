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

  /// Chooses for a run that begins.
  ///
  /// - Parameters:
  ///   - settings: those that the options describe, with the structure of `initial`.
  ///   - limits: those that were given.
  ///   - initial: the model to start from.
  ///   - begun: directory of a run that is to go on, and begins again where it has saved nothing; what it chose stays.
  init(
    _ arguments: ParsedArguments, _ settings: TrainingSettings, _ limits: TrainingLimits, on corpus: Corpus,
    from initial: ModelFile<Float>?, begun: RunDirectory?, threads: Int, in job: Job? = nil
  ) throws {
    var given = Set(arguments.givenNames)
    // Ranks that each have a part of the text do not see whether it is a list.
    if job != nil { given.formUnion(["items", "each-file"]) }
    if initial != nil { given.formUnion(SettingField.all.filter(\.isStructural).map(\.name)) }
    if let values = try begun.flatMap({ try StoredOptions($0).chosen() }) {
      (self.settings, self.limits, choices) = (settings, limits, [])
      names = values.map(\.field.name)
      for (field, value) in values where !given.contains(field.name) { field.set(value, in: &self.settings) }
      return
    }
    let ranks = job?.group.size ?? 1
    var plan = try TrainingPlan(for: corpus, keeping: settings, given: given, limits: limits, ranks: ranks)
    if let seconds = limits.seconds {
      let ofRank = try Self.operationsPerSecond(
        of: plan.settings, on: corpus.presentPart, ranks: ranks, limit: seconds, threads: threads,
        memory: TrainOptions.memoryLeft(arguments))
      let operations = ofRank * Double(ranks)
      // Some of the time goes to reading, validating and saving.
      plan = try TrainingPlan(
        for: corpus, keeping: settings, given: given, limits: limits, operations: 0.9 * seconds * operations,
        ranks: ranks)
    }
    if let problem = plan.settings.problem { throw arguments.usageFailure("\(problem)") }
    (self.settings, self.limits, choices) = (plan.settings.canonical, plan.limits, plan.choices)
    let chosen = Set(plan.choices.flatMap(\.names))
    names = SettingField.all.map(\.name).filter(chosen.contains)
  }

  /// Speed of training on this machine now, in floating-point operations that the model needs, of one of so many ranks.
  private static func operationsPerSecond(
    of settings: TrainingSettings, on corpus: Corpus, ranks: Int, limit: Double, threads: Int, memory: Double?
  ) throws -> Double {
    var settings = settings
    settings.batch = max(1, settings.batch / ranks)
    // A schedule may need to know the end of the run.
    settings.schedule = .constant
    let run = try CharacterRun(
      settings: settings, corpus: corpus, threads: threads, memory: memory)
    return try run.measureSpeed(seconds: min(1, limit / 50), sample: 0).trainGigaflops * 1e9
  }

  /// Tells the user what was chosen, and the command line that says the same.
  func announce(_ arguments: ParsedArguments) {
    if choices.isEmpty { return }
    for (options, reason) in reasons { notice("chose \(options): \(reason)") }
    notice("the same said explicitly: \(TrainCommand.explicitCommand(arguments, settings, limits))")
  }

  /// Options that say what was chosen together, and why.
  var reasons: [(options: String, reason: String)] {
    choices.map { ($0.names.map(option).joined(separator: " "), $0.reason) }
  }

  private func option(_ name: String) -> String {
    if name == "steps" { return "--steps \(limits.steps ?? 0)" }
    let value = SettingField.named(name).value(in: settings)
    return value == .flag(true) ? "--\(name)" : "--\(name) \(value)"
  }
}

/// Options that describe settings and limits, beside `--plain`.
func explicitOptions(_ settings: TrainingSettings, _ limits: TrainingLimits) -> String {
  let fields = SettingField.all.filter { field in
    field.group != .derived && field.value(in: settings) != field.defaultValue
  }
  let ends = [
    limits.epochs.map { "--epochs \($0)" }, limits.steps.map { "--steps \($0)" },
    limits.seconds.map { "--time \($0 == $0.rounded() ? Readable.fixed($0, digits: 0) : "\($0)")s" },
  ]
  let options = fields.map { field in
    switch field.kind {
    case .flag: "--\(field.name)"
    case .text: shellOption(field.name, field.value(in: settings).description)
    default: "--\(field.name) \(field.value(in: settings))"
    }
  }
  return (["--plain"] + options + ends.compactMap { $0 }).joined(separator: " ")
}
