/// The value of a setting, whatever its type.
public enum SettingValue: Sendable, Hashable, CustomStringConvertible {
  /// An optional setting without a value.
  case none
  case flag(Bool)
  case integer(Int)
  case number(Double)
  /// A name, or a fraction as it is written.
  case text(String)

  public var description: String {
    switch self {
    case .none: "none"
    case .flag(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): value
    }
  }
}

/// The type of a setting.
public protocol SettingType: Sendable {
  /// Nil where the type has no such value.
  init?(_ value: SettingValue)
  var settingValue: SettingValue { get }
}

extension Bool: SettingType {
  public init?(_ value: SettingValue) {
    guard case .flag(let flag) = value else { return nil }
    self = flag
  }

  public var settingValue: SettingValue { .flag(self) }
}

extension Int: SettingType {
  public init?(_ value: SettingValue) {
    guard case .integer(let integer) = value else { return nil }
    self = integer
  }

  public var settingValue: SettingValue { .integer(self) }
}

extension Double: SettingType {
  public init?(_ value: SettingValue) {
    guard case .number(let number) = value else { return nil }
    self = number
  }

  public var settingValue: SettingValue { .number(self) }
}

extension String: SettingType {
  public init?(_ value: SettingValue) {
    guard case .text(let text) = value else { return nil }
    self = text
  }

  public var settingValue: SettingValue { .text(self) }
}

extension Optional: SettingType where Wrapped: SettingType {
  public init?(_ value: SettingValue) {
    if value == .none {
      self = Self.none
    } else if let wrapped = Wrapped(value) {
      self = .some(wrapped)
    } else {
      return nil
    }
  }

  public var settingValue: SettingValue { self?.settingValue ?? .none }
}

/// A setting that is one of a few names.
public protocol SettingChoice: SettingType, CaseIterable, RawRepresentable<String> {}

extension SettingChoice {
  public init?(_ value: SettingValue) {
    guard case .text(let name) = value else { return nil }
    self.init(rawValue: name)
  }

  public var settingValue: SettingValue { .text(rawValue) }
}
