import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Values of an earlier `config.json` that a resumed run keeps. People edit that file: each value is checked when it is used.
struct StoredOptions {
  private let path: String
  private let members: [String: Any]

  /// The options of a directory's run; none where there is no such file.
  ///
  /// - Throws: a failure where the file is no JSON object.
  init(_ directory: RunDirectory) throws {
    path = directory.configuration
    guard let bytes = try directory.contents(of: path) else {
      members = [:]
      return
    }
    let data = Data(bytes)
    guard let members = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw CommandFailure(
        "\(path): is no JSON object; mend it, or remove it (the run itself does not need it)", code: .badData)
    }
    self.members = members
  }

  func limits() throws -> TrainingLimits {
    let limits = TrainingLimits(
      epochs: try value("epochs", "a whole number"), steps: try value("steps", "a whole number"),
      seconds: try value("time", "a number of seconds"))
    if let problem = limits.problem { throw failure(problem) }
    return limits
  }

  func corpora() throws -> [String]? { try value("corpora", "a list of paths") }
  func initFrom() throws -> String? { try value("init_from", "a path") }

  private func value<Value>(_ name: String, _ expected: String) throws -> Value? {
    guard let member = members[name], !(member is NSNull) else { return nil }
    guard let value = member as? Value else { throw failure("\(name) is \(shown(member)); it must be \(expected)") }
    return value
  }

  private func shown(_ member: Any) -> String {
    let data = try? JSONSerialization.data(withJSONObject: member, options: .fragmentsAllowed)
    return data.map { String(decoding: $0, as: UTF8.self).printable(atMost: 60) } ?? "no JSON"
  }

  private func failure(_ problem: String) -> CommandFailure {
    CommandFailure("\(path): \(problem); mend it, or take it out and give the option", code: .badData)
  }
}
