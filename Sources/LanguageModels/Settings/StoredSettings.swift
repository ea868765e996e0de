/// A value of a JSON object that a setting cannot have, or a name that no setting has.
public enum StoredSettingError: Error, Equatable, CustomStringConvertible {
  /// - Parameter name: the path in the file: `refined.weightDrop`.
  case unknown(name: String)
  /// - Parameter value: nil where its type is another.
  case unreadable(name: String, value: SettingValue?, kind: SettingKind)
  case missing(name: String, kind: SettingKind)

  public var description: String {
    switch self {
    case .unknown(let name): "\(name) is unknown to this version"
    case .unreadable(let name, let value, let kind):
      "\(name) is \(value.map { "\($0)" } ?? "of another type"); it must be \(kind.allowed)"
    case .missing(let name, let kind): "\(name) is missing; it must be \(kind.allowed)"
    }
  }
}

/// A name in a JSON object.
struct StoredName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension TrainingSettings: Codable {
  public init(from decoder: any Decoder) throws {
    self.init()
    try take(SettingField.all, from: decoder.container(keyedBy: StoredName.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: StoredName.self)
    try put(SettingField.all, into: &container)
  }

  /// Reads what an object holds; a setting that it lacks keeps its value.
  ///
  /// - Parameter others: names that are no settings.
  fileprivate mutating func take(
    _ fields: [SettingField], from object: KeyedDecodingContainer<StoredName>, beside others: Set<String> = []
  ) throws {
    try take(fields, where: { $0.storage != .refined }, from: object, beside: others.union([SettingField.refined]))
    let refined = StoredName(SettingField.refined)
    if object.contains(refined), try !object.decodeNil(forKey: refined) {
      let nested = try object.nestedContainer(keyedBy: StoredName.self, forKey: refined)
      try take(fields, where: { $0.storage == .refined }, from: nested, within: "\(SettingField.refined).")
    }
  }

  private mutating func take(
    _ fields: [SettingField], where isIn: (SettingField) -> Bool, from object: KeyedDecodingContainer<StoredName>,
    beside others: Set<String> = [], within path: String = ""
  ) throws {
    let fields = fields.filter(isIn)
    let known = others.union(fields.map(\.storedName))
    if let unknown = object.allKeys.map(\.stringValue).filter({ !known.contains($0) }).min() {
      throw StoredSettingError.unknown(name: path + unknown)
    }
    for field in fields {
      let value: SettingValue?
      do { value = try object.value(of: field) } catch {
        throw StoredSettingError.unreadable(name: field.storedPath, value: nil, kind: field.kind)
      }
      if let value, !field.set(value, in: &self) {
        throw StoredSettingError.unreadable(name: field.storedPath, value: value, kind: field.kind)
      }
    }
  }

  fileprivate func put(_ fields: [SettingField], into object: inout KeyedEncodingContainer<StoredName>) throws {
    for field in fields where field.storage == .always || field.storage == .unlessDefault && !field.isDefault(in: self)
    {
      try object.encode(field.value(in: self), forKey: StoredName(field.storedName))
    }
    let refined = fields.filter { $0.storage == .refined }
    guard refined.contains(where: { !$0.isDefault(in: self) }) else { return }
    var nested = object.nestedContainer(keyedBy: StoredName.self, forKey: StoredName(SettingField.refined))
    for field in refined { try nested.encode(field.value(in: self), forKey: StoredName(field.storedName)) }
  }
}

extension ModelShape: Codable {
  private static let vocabularyName = StoredName("vocabulary")

  public init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: StoredName.self)
    var settings = TrainingSettings()
    try settings.take(
      SettingField.all.filter(\.isOfArchitecture), from: object, beside: [Self.vocabularyName.stringValue])
    let (name, kind) = (Self.vocabularyName.stringValue, SettingKind.integer(1...Self.largestVocabulary))
    guard object.contains(Self.vocabularyName) else { throw StoredSettingError.missing(name: name, kind: kind) }
    let vocabulary: Int
    do { vocabulary = try object.decode(Int.self, forKey: Self.vocabularyName) } catch {
      throw StoredSettingError.unreadable(name: name, value: nil, kind: kind)
    }
    self.init(settings.architecture, vocabulary: vocabulary)
  }

  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: StoredName.self)
    try architecture.asSettings.put(SettingField.all.filter(\.isOfArchitecture), into: &object)
    try object.encode(vocabulary, forKey: Self.vocabularyName)
  }
}

extension KeyedDecodingContainer<StoredName> {
  /// Nil where the object lacks the setting.
  fileprivate func value(of field: SettingField) throws -> SettingValue? {
    let name = StoredName(field.storedName)
    return switch field.kind {
    case .flag: try decodeIfPresent(Bool.self, forKey: name)?.settingValue
    case .integer: try decodeIfPresent(Int.self, forKey: name)?.settingValue
    case .number: try decodeIfPresent(Double.self, forKey: name)?.settingValue
    case .choice, .fraction, .text: try decodeIfPresent(String.self, forKey: name)?.settingValue
    }
  }
}

extension KeyedEncodingContainer<StoredName> {
  fileprivate mutating func encode(_ value: SettingValue, forKey name: StoredName) throws {
    switch value {
    case .none: try encodeNil(forKey: name)
    case .flag(let value): try encode(value, forKey: name)
    case .integer(let value): try encode(value, forKey: name)
    case .number(let value): try encode(value, forKey: name)
    case .text(let value): try encode(value, forKey: name)
    }
  }
}
