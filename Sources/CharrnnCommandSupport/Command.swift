import TensorCore

/// A subcommand: its grammar, its help, and the function that runs it.
package struct Command: Sendable {
  package let name: String
  /// One line, lower case, without a full stop.
  package let summary: String
  package let arguments: [any ArgumentDeclaration]
  package let groups: [OptionGroup]
  /// Names of the options that `--help` shows, where it does not show all; `--help-all` does.
  package let usual: [String]
  /// An example for the help: a whole command line that works as printed.
  package let example: String
  package let run: @Sendable (ParsedArguments) throws -> ExitCode

  /// - Precondition: no two options share a name, none is called `help`, the usual ones are declared, and only the last argument can be repeated.
  package init(
    name: String, summary: String, arguments: [any ArgumentDeclaration] = [], groups: [OptionGroup] = [],
    usual: [String] = [], example: String, run: @escaping @Sendable (ParsedArguments) throws -> ExitCode
  ) {
    self.name = name
    self.summary = summary
    self.arguments = arguments
    self.groups = groups
    self.usual = usual
    self.example = example
    self.run = run
    let names = options.map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      programmingError("command \(name) declares --\(twice) twice")
    }
    if let unknown = usual.first(where: { !names.contains($0) }) {
      programmingError("command \(name) does not declare --\(unknown)")
    }
    if arguments.dropLast().contains(where: \.isRepeated) {
      programmingError("command \(name): only the last argument can be repeated")
    }
  }

  /// Every option, `--help` last.
  var options: [any OptionDeclaration] {
    groups.flatMap(\.options) + (usual.isEmpty ? [] : [Command.helpAll]) + [Command.help]
  }

  static let help = Flag("help", help: "show this help")
  /// The flag for the whole help, of a command with many options.
  static let helpAll = Flag("help-all", help: "show every option")

  /// `charrnn sample MODEL [options]`
  var usage: String {
    let words = [programName, name] + arguments.map(\.label) + ["[options]"]
    return words.joined(separator: " ")
  }
}
