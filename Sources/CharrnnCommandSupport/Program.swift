/// The program: its subcommands, and the dispatch from a command line to an exit code.
package struct Program: Sendable {
  /// One sentence that opens the help.
  package let summary: String
  /// The line that `--version` prints; not made before it is printed.
  package let version: @Sendable () -> String
  package let commands: [Command]
  /// The message and the exit code of an error that is not a `CommandFailure`, of a command of this name.
  package let classify: @Sendable (any Error, _ command: String?) -> CommandFailure
  /// Text after the message of an error; made before it is written.
  private let errorSuffix: @Sendable () -> String

  package init(
    summary: String, version: @autoclosure @escaping @Sendable () -> String, commands: [Command],
    errorSuffix: @escaping @Sendable () -> String = { "" },
    classify: @escaping @Sendable (any Error, _ command: String?) -> CommandFailure = { error, _ in
      CommandFailure("\(error)", code: .inputOutput)
    }
  ) {
    self.summary = summary
    self.version = version
    let described = (summary, commands)
    self.commands =
      commands + [
        Completions.command { described.1 }, ManualPage.command { Self.manualPage(described.0, described.1) },
      ]
    (self.classify, self.errorSuffix) = (classify, errorSuffix)
  }

  /// The action that a command line asks for.
  package enum Request: Sendable {
    /// A help page: of a command, with all of its options or the usual ones, or of the program when nil.
    case help(Command?, all: Bool)
    case version
    case run(Command, ParsedArguments)
  }

  /// Parses the words after the program's name. `--help` before any `--` takes precedence over every error. `help` and
  /// `help COMMAND` show the same pages.
  package func request(_ words: [String]) throws(CommandFailure) -> Request {
    guard let first = words.first else {
      throw .usage("no command given; the commands are \(commands.map(\.name).joined(separator: ", "))")
    }
    let rest = words.dropFirst()
    let options = rest.prefix { $0 != "--" }
    let asksForAll = options.contains("--help-all")
    let asksForHelp = asksForAll || options.contains { $0 == "-h" || $0 == "--help" }
    switch first {
    case "-h", "--help": return .help(nil, all: false)
    case "help":
      let command = try rest.first.map { word throws(CommandFailure) in try self.command(named: word) }
      return .help(command, all: asksForAll)
    case "--version" where asksForHelp: return .help(nil, all: false)
    case "--version":
      if let extra = rest.first { throw .usage("unexpected argument \(quoted(extra)) after --version") }
      return .version
    case _ where looksLikeOption(first):
      throw unknownOption(first, known: Program.options.map(\.name), command: nil)
    default: break
    }
    let command = try self.command(named: first)
    return asksForHelp ? .help(command, all: asksForAll) : .run(command, try ParsedArguments(Array(rest), of: command))
  }

  private func command(named name: String) throws(CommandFailure) -> Command {
    if let command = commands.first(where: { $0.name == name }) { return command }
    let hint = nearestName(to: name, among: commands.map(\.name)).map { "; did you mean \($0)?" } ?? ""
    throw .usage("unknown command \(quoted(name))\(hint)")
  }

  /// Runs a command line and returns the exit code. Results go to `output`, an error as one line to `errors`. A closed pipe
  /// at `output` is not an error.
  package func run(
    _ words: [String], output: OutputChannel = .standardOutput, errors: OutputChannel = .standardError
  ) -> ExitCode {
    var running: String?
    do {
      let width = min(helpWidth, Terminal.width(of: output) ?? helpWidth)
      switch try request(words) {
      case .help(let command, let all):
        try output.write(command?.helpText(width: width, all: all) ?? helpText(width: width))
      case .version: try output.write(version() + "\n")
      case .run(let command, let arguments):
        running = command.name
        return try command.run(arguments)
      }
      return .done
    } catch OutputFailure.readerGone {
      return .done
    } catch {
      let failure = (error as? CommandFailure) ?? (error as? OutputFailure)?.commandFailure ?? classify(error, running)
      // When standard error is closed too, the error cannot be reported.
      try? errors.write(errorLine(failure.message + errorSuffix()))
      return failure.code
    }
  }

  static let options = [Command.help, Flag("version", help: "show the version")]
}
