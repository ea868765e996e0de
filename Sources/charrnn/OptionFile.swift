import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Options in a JSON file, by the names that they have in a run's `config.json`.
package struct OptionFile {
  static let option = Option(
    "config", .path("FILE"),
    help: "options from a JSON file, as a run's config.json; those on the command line win")

  private let path: String
  /// Values as they are written in the file.
  private let members: [(name: String, json: String)]

  /// The arguments, with the options of the file that they name.
  ///
  /// - Throws: `FileError`; a failure of wrong usage for a name that is no option's and a value that the option cannot have; one of
  ///   bad data for a file that is no object, or has a name twice.
  package static func completing(_ arguments: ParsedArguments) throws -> ParsedArguments {
    try arguments[option].map { try OptionFile($0).added(to: arguments) } ?? arguments
  }

  private init(_ path: String) throws {
    self.path = path
    let bytes = try FileReader(path).next(Self.largest + 1)
    guard bytes.count <= Self.largest, let text = String(validating: bytes, as: UTF8.self) else {
      throw Self.noObject(path)
    }
    do throws(JSONProblem) { members = try flatMembers(ofJSON: text) } catch {
      switch error {
      case .duplicateName(let name, _): throw Self.twice(name, path)
      case .malformed(let offset, let expected):
        throw Self.noObject(path, ": expected \(expected) at byte \(offset)")
      default: throw Self.noObject(path)
      }
    }
    var names: Set<String> = []
    if let name = members.map(\.name).first(where: { !names.insert($0).inserted }) { throw Self.twice(name, path) }
  }

  /// Bytes that a file may have, some hundred times what one has.
  private static let largest = 1 << 20

  private static func noObject(_ path: String, _ reason: String = "") -> CommandFailure {
    CommandFailure("\(path): is no JSON object of options, as a run's config.json is\(reason)", code: .badData)
  }

  private static func twice(_ name: String, _ path: String) -> CommandFailure {
    CommandFailure("\(path): has \(name.quotedName) twice", code: .badData)
  }

  private func added(to arguments: ParsedArguments) throws -> ParsedArguments {
    var completed = arguments
    let own = Set(arguments.command.groups.flatMap(\.options).map(\.name))
    let replaced = Self.replaced(by: arguments)
    for (name, json) in members where !Self.descriptions.contains(name) {
      guard let option = Self.options.first(where: { Self.name(of: $0) == name }) else {
        throw arguments.usageFailure("\(path): \(unknown(name))")
      }
      guard json != "null", let text = try text(of: option, json, arguments) else { continue }
      if own.contains(option.name) && !replaced.contains(option.name) {
        try completed.add(text, for: option, named: name, in: path)
      }
    }
    // A run's own file leaves nothing to choose.
    if members.contains(where: { $0.name == "charrnn" && $0.json.hasPrefix("\"") }) {
      try completed.add("", for: TrainOptions.plain, named: "charrnn", in: path)
    }
    if members.contains(where: { $0 == ("last_file_validates", "true") }) && !completed.gives(TrainOptions.validation) {
      throw arguments.usageFailure("\(path): the run validates on a file of its own; give it: --validation FILE")
    }
    return completed
  }

  /// Options that a file may have: not those that replace or go on with a run, which belong to one command line. A command passes over those that it does not take.
  private static let options: [any OptionDeclaration] =
    [TrainCommand.command, DoctorCommand.command].flatMap { $0.groups.flatMap(\.options) }
    .filter { ![option.name, TrainOptions.overwrite.name, TrainOptions.resume.name].contains($0.name) }

  /// Members of a run's file that describe it and are no options.
  private static let descriptions = Set(
    ["corpora", "run", "replaces", "chosen", "parameters", "charrnn"]
      + SettingField.all.filter { $0.group == .derived }.map(\.reportedName))

  private static func name(of option: any OptionDeclaration) -> String {
    String(option.name.map { $0 == "-" ? "_" : $0 })
  }

  /// Names of options whose values in a file others on the command line replace: how long to train is one question.
  private static func replaced(by arguments: ParsedArguments) -> Set<String> {
    let ends: [any OptionDeclaration] = [TrainOptions.epochs, TrainOptions.steps, TrainOptions.time]
    return Set(ends.contains(where: arguments.gives) ? ends.map(\.name) : [])
      .union(arguments.gives(TrainOptions.validation) ? ["validation-fraction"] : [])
  }

  private func unknown(_ name: String) -> String {
    let hyphened = String(name.map { $0 == "_" ? "-" : $0 })
    let nearest = nearestName(to: hyphened, among: Self.options.map(\.name))
    let meant = Self.options.first { $0.name == nearest }.map { "; did you mean \(Self.name(of: $0))?" } ?? ""
    return "\(name.quotedName) is no option\(meant)"
  }

  /// The value of an option as it stands on the command line; nil for a flag that is not given.
  private func text(of option: any OptionDeclaration, _ json: String, _ arguments: ParsedArguments) throws -> String? {
    let isNumber = json.wholeMatch(of: #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#) != nil
    let string = json.hasPrefix("\"") ? try? JSONDecoder().decode(String.self, from: Data(json.utf8)) : nil
    switch option.form {
    case .flag where json == "true": return ""
    case .flag where json == "false": return nil
    case .text where string?.contains("\0") == true:
      throw arguments.usageFailure("\(path): \(Self.name(of: option)) has a NUL in it")
    case .text where string != nil, .fraction where string != nil: return string
    case .number where isNumber, .fraction where isNumber: return json
    case .seconds where isNumber && option.problem(with: json + "s") == nil: return json + "s"
    default:
      throw arguments.usageFailure(
        "\(path): \(Self.name(of: option)) must be \(option.form.description), and is \(json.printable(atMost: 60))")
    }
  }
}
