import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The options of one command that are settings, made from the table `SettingField.all`.
struct SettingOptions {
  private enum Declared {
    case flag(Flag)
    case value(Option<SettingValue?>)

    var declaration: any OptionDeclaration {
      switch self {
      case .flag(let flag): flag
      case .value(let option): option
      }
    }
  }

  private let defaults: TrainingSettings
  private let declared: [(field: SettingField, option: Declared)]

  /// - Parameters:
  ///   - groups: groups of settings that the command takes.
  ///   - defaults: values of the options that are not given.
  ///   - limits: values that the command allows, by setting, where it does not allow all.
  ///   - chosen: names of settings that the command chooses for a text, where they are not given.
  init(
    _ groups: Set<SettingField.Group>, defaults: TrainingSettings = TrainingSettings(),
    limits: [String: SettingKind] = [:], chosen: Set<String> = []
  ) {
    self.defaults = defaults
    for name in limits.keys { _ = SettingField.named(name) }
    declared = SettingField.all.filter { groups.contains($0.group) }.map { field in
      let help = spellingOptions(in: field.help)
      let kind = limits[field.name] ?? field.kind
      if kind == .flag { return (field, .flag(Flag(field.name, help: help))) }
      let note = field.defaultNote.map(spellingOptions) ?? shown(field.value(in: defaults))
      let whole = chosen.contains(field.name) ? "chosen for the text; \(note) with --plain" : note
      return (field, .value(Option(field.name, ValueKind(kind), defaultNote: whole, help: help)))
    }
  }

  /// Options of some groups, one group after the other.
  func options(_ groups: SettingField.Group...) -> [any OptionDeclaration] {
    groups.flatMap { group in declared.filter { $0.field.group == group }.map(\.option.declaration) }
  }

  /// The settings that the options describe.
  ///
  /// - Parameters:
  ///   - run: settings of the run that is resumed: options not given keep its values, and those given must not
  ///     differ from them, but for the ending: how long to train is open.
  ///   - epoch: steps of the run's epoch, the validation interval of a run that names none; nil where that is not known.
  ///   - structure: what decides the names and shapes of parameters, in the place of defaults.
  /// - Throws: a usage failure for an option that differs, for settings that no run can have, and for a precision that has
  ///   no use on this machine.
  func settings(
    _ arguments: ParsedArguments, resuming run: TrainingSettings? = nil, epoch: Int? = nil,
    structure: Architecture? = nil
  ) throws -> TrainingSettings {
    var settings = run ?? defaults
    if let structure {
      let model = TrainingSettings(architecture: structure)
      for field in SettingField.all where field.isStructural { field.set(field.value(in: model), in: &settings) }
    }
    let given = declared.filter { arguments.gives($0.option.declaration) }
    for (field, option) in given {
      switch option {
      case .flag: field.set(.flag(true), in: &settings)
      case .value(let option): if let value = arguments[option] { field.set(value, in: &settings) }
      }
    }
    let asked = settings
    settings = settings.canonical(stepsPerEpoch: epoch)
    if let run {
      let fixed = given.map(\.field).filter { $0.group != .ending }
      for field in fixed where field.value(in: settings) != field.value(in: run.canonical) {
        throw arguments.usageFailure(difference(field, field.value(in: asked), field.value(in: run)))
      }
    }
    if let problem = settings.problem { throw arguments.usageFailure("\(problem)") }
    // A run that was begun elsewhere may go on, however slowly.
    if run == nil && settings.precision.isEmulated {
      throw arguments.usageFailure(
        "--precision \(settings.precision.rawValue): made for AMX alone, and the instruction set in use "
          + "(\(InstructionSet.current.rawValue)) has none; leave --precision out")
    }
    return settings
  }

  private func difference(_ field: SettingField, _ asked: SettingValue, _ kept: SettingValue) -> String {
    func text(_ value: SettingValue) -> String {
      value == .none ? field.defaultNote.map(spellingOptions) ?? "none" : shown(value)
    }
    return "--\(field.name) is \(text(asked)), the run's is \(text(kept)); leave it out, or start a new run"
  }
}

/// A value as the help and messages show it.
private func shown(_ value: SettingValue) -> String {
  switch value {
  case .flag(let isOn): isOn ? "on" : "off"
  case .number(let number) where number == number.rounded() && abs(number) < 1e15: "\(Int(number))"
  default: "\(value)"
  }
}

/// Text with the names of settings, which stand in backquotes, spelled as options: `hidden` as --hidden.
private func spellingOptions(in text: String) -> String { text.replacing(/`([a-z-]+)`/) { "--\($0.1)" } }

extension ValueKind where Value == SettingValue {
  fileprivate init(_ kind: SettingKind) {
    switch kind {
    case .flag: self = ValueKind<String>.choice("true", "false").mapped { .flag($0 == "true") }
    case .integer(let range):
      self = ValueKind<Int>.integer(
        atLeast: range.lowerBound, atMost: range.upperBound
      ).mapped { .integer($0) }
    case .number(let least, let above, let below):
      self = ValueKind<Double>.number(atLeast: least, above: above, below: below).mapped { .number($0) }
    case .choice(let names): self = ValueKind<String>.choice(names).mapped { .text($0) }
    case .text: self = ValueKind<String>.nonEmptyText("TEXT").mapped { .text($0) }
    case .fraction:
      self = ValueKind<DecimalFraction>(
        valueName: "FRACTION", expectation: kind.allowed, form: .fraction,
        read: { DecimalFraction($0).flatMap { $0.isProper ? $0 : nil } }, show: \.description
      ).mapped { .text($0.description) }
    }
  }
}
