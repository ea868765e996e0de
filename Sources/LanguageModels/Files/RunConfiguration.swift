import Foundation
import ModelTraining
import TensorCore

/// The object in a run directory's `config.json`. People edit that file, so each value is checked when it is read.
package struct RunConfiguration {
  /// Path of the file.
  package let file: String
  /// Number of values.
  package let count: Int
  private let object: KeyedDecodingContainer<StoredName>

  /// The configuration of a directory; nil where there is no such file.
  ///
  /// - Throws: `FileError`, and `RunConfigurationError` where the file holds no JSON object or a name twice.
  package init?(of directory: RunDirectory) throws {
    file = directory.configuration
    guard let bytes = try directory.contents(of: file) else { return nil }
    do {
      try requireDistinctNames(inJSON: String(decoding: bytes, as: UTF8.self))
      object = try JSONDecoder().decode(StoredObject.self, from: Data(bytes)).members
    } catch JSONProblem.duplicateName(let name, _) {
      throw RunConfigurationError(file: file, problem: .nameTwice(name))
    } catch {
      throw RunConfigurationError(file: file, problem: .noObject)
    }
    count = object.allKeys.count
  }

  /// The value of a name; nil where the object lacks it or it is null.
  ///
  /// - Parameter expected: what the value must be, for the error: `a whole number`.
  /// - Throws: `RunConfigurationError` for a value of another type.
  package func value<Value: Decodable>(
    _ name: String, _ expected: String, as type: Value.Type = Value.self
  ) throws(RunConfigurationError) -> Value? {
    do { return try object.decodeIfPresent(Value.self, forKey: StoredName(name)) } catch {
      throw RunConfigurationError(file: file, problem: .otherType(name: name, expected: expected))
    }
  }

  /// Whether a setting, where the object has it, is that of `settings`.
  func agrees(on field: SettingField, with settings: TrainingSettings) -> Bool {
    let members = members(with: field)
    if members?.contains(StoredName(field.reportedName)) ?? false {
      return value(of: field) == field.value(in: settings)
    }
    return true
  }

  /// The value of a setting; nil where the object lacks it or has another type of value.
  package func value(of field: SettingField) -> SettingValue? {
    let name = StoredName(field.reportedName)
    guard let members = members(with: field), members.contains(name) else { return nil }
    if (try? members.decodeNil(forKey: name)) ?? false { return SettingValue.none }
    return switch field.kind {
    case .flag: (try? members.decode(Bool.self, forKey: name)).map { .flag($0) }
    case .integer: (try? members.decode(Int.self, forKey: name)).map { .integer($0) }
    case .number: (try? members.decode(Double.self, forKey: name)).map { .number($0) }
    case .choice, .fraction, .text: (try? members.decode(String.self, forKey: name)).map { .text($0) }
    }
  }

  /// The object that holds a setting; nil where it is not there.
  private func members(with field: SettingField) -> KeyedDecodingContainer<StoredName>? {
    guard let within = field.reportedWithin else { return object }
    return try? object.nestedContainer(keyedBy: StoredName.self, forKey: StoredName(within))
  }

  /// Identity of the run that the directory belongs to; nil for a run begun by a version that had none.
  func run() throws(RunConfigurationError) -> String? { try value(Self.runName, "text") }

  /// Identities of the runs that it replaces, whose files may still be there.
  func replacedRuns() throws(RunConfigurationError) -> [String] {
    try value(Self.replacesName, "a list of texts") ?? []
  }

  static let runName = "run"
  static let replacesName = "replaces"
}

/// A `config.json` that cannot be used as it is.
public struct RunConfigurationError: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let problem: Problem

  public enum Problem: Sendable, Equatable {
    case noObject
    case nameTwice(String)
    /// - Parameter expected: what the value must be: `a whole number`.
    case otherType(name: String, expected: String)
    /// A value that its name cannot have.
    case value(String)
  }

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String {
    let problem =
      switch problem {
      case .noObject: "is no JSON object"
      case .nameTwice(let name): "has \(name.quotedName) twice"
      case .otherType(let name, let expected): "\(name) must be \(expected)"
      case .value(let problem): problem
      }
    return "\(file): \(problem)"
  }
}

private struct StoredObject: Decodable {
  let members: KeyedDecodingContainer<StoredName>

  init(from decoder: any Decoder) throws { members = try decoder.container(keyedBy: StoredName.self) }
}
