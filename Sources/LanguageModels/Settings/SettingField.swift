/// Description of one setting: its property, its names, its values and its words. The table of all is
/// `SettingField.all`; options, help, files, reports and checks are made from it.
public struct SettingField: Sendable {
  /// The heading that the option stands under in the help; a command may join several.
  public enum Group: Sendable {
    /// Structure of the model, a part of the architecture.
    case model
    /// Random dropping in training, a part of the architecture.
    case dropping
    case penalty, updates, tokens, arithmetic, randomness, split, ending, validation
    /// No option: it follows from others.
    case derived
  }

  /// Condition under which a file names the setting, and the object that holds it.
  enum Storage: Sendable {
    /// The file always names it. For settings of the first version alone: an older program refuses a file that names a
    /// setting it does not know.
    case always
    /// For every new setting: files and runs from before it stay as they are, and rely on its default.
    case unlessDefault
    /// Within the object `refined`, which is written whole as soon as one of its settings is not its default.
    case refined
  }

  /// Name of the option, without hyphens before it: `weight-drop`.
  public let name: String
  /// Name in checkpoints: `weightDrop`.
  public let storedName: String
  let storage: Storage
  public let group: Group
  public let kind: SettingKind
  /// Whether parameters have other names or shapes under another value.
  public let isStructural: Bool
  /// The property that a cell needs for this setting; nil where it is for every cell.
  let requirement: CellOption?
  /// Name in running text: `weight drop`.
  public let label: String
  /// One line. Names of other settings stand in backquotes.
  public let help: String
  /// Meaning of an optional setting without a value, for the help.
  public let defaultNote: String?
  private let read: @Sendable (TrainingSettings) -> SettingValue
  private let write: @Sendable (inout TrainingSettings, SettingValue) -> Bool

  /// - Parameters:
  ///   - storedName: nil for the option's name in camel case.
  ///   - isStructural: nil for whether it is in the group `model`.
  ///   - label: nil for the option's name as words.
  init<Value: SettingType>(
    _ name: String, _ path: WritableKeyPath<TrainingSettings, Value> & Sendable, _ kind: SettingKind, _ group: Group,
    help: String, defaultNote: String? = nil, storedName: String? = nil, storage: Storage = .unlessDefault,
    isStructural: Bool? = nil, needs requirement: CellOption? = nil, label: String? = nil
  ) {
    (self.name, self.kind, self.group, self.help, self.defaultNote) = (name, kind, group, help, defaultNote)
    (self.storage, self.requirement) = (storage, requirement)
    self.label = label ?? String(name.map { $0 == "-" ? " " : $0 })
    self.storedName = storedName ?? Self.camelCase(name)
    self.isStructural = isStructural ?? (group == .model)
    read = { $0[keyPath: path].settingValue }
    write = { settings, value in
      guard let value = Value(value) else { return false }
      settings[keyPath: path] = value
      return true
    }
  }

  /// Whether the setting belongs to the architecture, and so to every model file.
  public var isOfArchitecture: Bool { group == .model || group == .dropping }

  /// Name in reports: `weight_drop`.
  public var reportedName: String { String(name.map { $0 == "-" ? "_" : $0 }) }
  /// Name of the object in reports that holds it; nil for the report itself.
  public var reportedWithin: String? { storage == .refined ? "refinements" : nil }
  /// Path in checkpoints: `refined.weightDrop`.
  var storedPath: String { storage == .refined ? "\(Self.refined).\(storedName)" : storedName }
  static let refined = "refined"

  public func value(in settings: TrainingSettings) -> SettingValue { read(settings) }

  /// Sets the value, and returns whether the setting can have it; otherwise the settings stay as they are.
  @discardableResult
  public func set(_ value: SettingValue, in settings: inout TrainingSettings) -> Bool { write(&settings, value) }

  public var defaultValue: SettingValue { read(TrainingSettings()) }
  func isDefault(in settings: TrainingSettings) -> Bool { read(settings) == defaultValue }

  private static func camelCase(_ name: String) -> String {
    let words = name.split(separator: "-")
    return words[0] + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
