import CharrnnCommandSupport
import SequenceModeling

/// Takes options over into training settings. Where a run is resumed, options that are not given keep the run's values, and
/// those given must not differ from them.
struct SettingsReader {
  let arguments: ParsedArguments
  private let isResuming: Bool
  private(set) var settings: TrainingSettings

  init(arguments: ParsedArguments, base: TrainingSettings? = nil) {
    self.arguments = arguments
    isResuming = base != nil
    settings = base ?? TrainingSettings()
  }

  mutating func take<Value: Equatable>(_ option: Option<Value>, _ path: WritableKeyPath<TrainingSettings, Value>) throws
  {
    try take(option, path, arguments[option])
  }

  mutating func take<Value: Equatable>(
    _ option: any OptionDeclaration, _ path: WritableKeyPath<TrainingSettings, Value>, _ value: Value
  ) throws {
    if isResuming && !arguments.gives(option) { return }
    if isResuming && settings[keyPath: path] != value {
      throw arguments.usageFailure(
        "--\(option.name) differs from that of the run, which was started with \(show(settings[keyPath: path])); "
          + "leave it out, or start a new run")
    }
    settings[keyPath: path] = value
  }

  private func show<Value>(_ value: Value) -> String {
    switch value {
    case let value as any RawRepresentable: "\(value.rawValue)"
    case let value as Int?: value.map(String.init) ?? "none"
    case let value as Double?: value.map { "\($0)" } ?? "none"
    default: "\(value)"
    }
  }
}
