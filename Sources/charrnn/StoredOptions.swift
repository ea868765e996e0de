import SequenceModeling

/// Options of an earlier `config.json` that a resumed run keeps.
struct StoredOptions {
  private let configuration: RunConfiguration?

  /// The options of a directory's run; none where there is no such file.
  init(_ directory: RunDirectory) throws { configuration = try RunConfiguration(of: directory) }

  func limits() throws -> TrainingLimits {
    let limits = TrainingLimits(
      epochs: try count("epochs"), steps: try count("steps"), seconds: try value("time", "a number of seconds"))
    if let configuration, let problem = limits.problem {
      throw RunConfigurationError(file: configuration.file, problem: .value(problem))
    }
    return limits
  }

  func reporting() throws -> TrainingReporting {
    let reporting = TrainingReporting(
      sampleEvery: try count("sample_every"), checkpointEvery: try count("checkpoint_every"),
      kept: try count("keep") ?? 0)
    if let configuration, let problem = reporting.problem {
      throw RunConfigurationError(file: configuration.file, problem: .value(problem))
    }
    return reporting
  }

  func patience() throws -> Int? {
    let patience = try count("patience")
    if let configuration, let patience, patience < 1 {
      throw RunConfigurationError(file: configuration.file, problem: .value("patience is \(patience), less than 1"))
    }
    return patience
  }

  /// Steps between validations: those of an epoch where the run names none.
  func validationInterval() throws -> Int? { try count("validate_every") }

  /// The settings that the run chose for its text; nil where it chose none.
  func chosen() throws -> [(field: SettingField, value: SettingValue)]? {
    guard let configuration, let names = try namesChosen() else { return nil }
    return try names.map { name in
      guard let field = SettingField.all.first(where: { $0.name == name }),
        let value = configuration.value(of: field), value != .none, field.kind.allows(value)
      else {
        throw RunConfigurationError(file: configuration.file, problem: .value("\(name) was chosen, and is lost"))
      }
      return (field, value)
    }
  }

  func namesChosen() throws -> [String]? { try value("chosen", "a list of settings") }
  func corpora() throws -> [String]? { try value("corpora", "a list of paths") }
  func initFrom() throws -> String? { try value("init_from", "a path") }
  func tokenizer() throws -> String? { try value("tokenizer", "a path") }

  private func count(_ name: String) throws -> Int? { try value(name, "a whole number") }

  private func value<Value: Decodable>(_ name: String, _ expected: String) throws -> Value? {
    try configuration?.value(name, expected)
  }
}
