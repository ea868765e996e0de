import TensorCore

/// Scripts that complete the command line in shells, made from the grammar of the commands.
enum Completions {
  enum Shell: String, CaseIterable { case bash, zsh, fish }

  static let shell = Argument<String>.one("SHELL", help: Shell.allCases.map(\.rawValue).joined(separator: ", "))

  /// The command `completions SHELL`.
  ///
  /// - Parameter commands: commands to complete.
  static func command(_ commands: @escaping @Sendable () -> [Command]) -> Command {
    Command(
      name: "completions", summary: "print a script that completes command lines in a shell", arguments: [shell],
      example: "charrnn completions bash > ~/.local/share/bash-completion/completions/charrnn"
    ) { arguments in
      guard let shell = Shell(rawValue: arguments[shell]) else {
        throw arguments.usageFailure("\(quoted(arguments[self.shell])) is not one of bash, zsh, fish")
      }
      let script =
        switch shell {
        case .bash: bash(commands())
        case .zsh: zsh(commands())
        case .fish: fish(commands())
        }
      try OutputChannel.standardOutput.write(script)
      return .done
    }
  }

  static func bash(_ commands: [Command]) -> String {
    let values = commands.flatMap { command in
      command.options.filter { $0.valueName != nil }.map { option in
        let action =
          option.isPath
          ? "compopt -o default"
          : option.names.isEmpty ? ":" : "COMPREPLY=($(compgen -W '\(words(option.names))' -- \"$word\"))"
        return "    '\(command.name) --\(option.name)') \(action); return ;;"
      }
    }
    let options = commands.map { command in
      "    \(command.name)) options='\(words(command.options.map { "--\($0.name)" }))' ;;"
    }
    return """
      # Completes \(programName) in bash.
      _\(programName)() {
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=
        COMPREPLY=()
        if [ "$COMP_CWORD" = 1 ]; then
          COMPREPLY=($(compgen -W '\(words(commands.map(\.name))) --help --version' -- "$word"))
          return
        fi
        case "${COMP_WORDS[1]} $before" in
      \(values.joined(separator: "\n"))
        esac
        case "${COMP_WORDS[1]}" in
      \(options.joined(separator: "\n"))
        esac
        case "$word" in
          -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
          *) compopt -o default ;;
        esac
      }
      complete -F _\(programName) \(programName)

      """
  }

  static func zsh(_ commands: [Command]) -> String {
    func described(_ text: String) -> String {
      text.replacing("'", with: "’").replacing("[", with: "(").replacing("]", with: ")").replacing(":", with: ",")
        .replacing("\\", with: "\\\\")
    }
    let names = commands.map { "    '\($0.name):\(described($0.summary))'" }
    let cases = commands.map { command in
      let options = command.options.map { option in
        let action = option.isPath ? "_files" : option.names.isEmpty ? " " : "(\(words(option.names)))"
        let value = option.valueName.map { ":\(described($0)):\(action)" } ?? ""
        return "      '--\(option.name)[\(described(option.help))]\(value)'"
      }
      let places = command.arguments.isEmpty ? [] : ["      '*:\(described(command.arguments[0].name)):_files'"]
      return "    \(command.name)) _arguments \\\n\((options + places).joined(separator: " \\\n")) ;;"
    }
    return """
      #compdef \(programName)
      # Completes \(programName) in zsh.
      _\(programName)() {
        local -a commands
        commands=(
      \(names.joined(separator: "\n"))
        )
        if (( CURRENT == 2 )); then
          _describe command commands
          return
        fi
        local name=$words[2]
        words=("${(@)words[2,-1]}")
        (( CURRENT -= 1 ))
        case $name in
      \(cases.joined(separator: "\n"))
        esac
      }
      if [ "$funcstack[1]" = _\(programName) ]; then _\(programName) "$@"; else compdef _\(programName) \(programName); fi

      """
  }

  static func fish(_ commands: [Command]) -> String {
    func described(_ text: String) -> String {
      "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
    let start = "complete -c \(programName)"
    let names = commands.map { "\(start) -n __fish_use_subcommand -f -a \($0.name) -d \(described($0.summary))" }
    let options = commands.flatMap { command in
      command.options.map { option in
        let values = option.names.isEmpty ? "" : " -f -a '\(words(option.names))'"
        let value = option.valueName == nil ? "" : " -r\(option.isPath ? " -F" : values.isEmpty ? " -f" : values)"
        return "\(start) -n '__fish_seen_subcommand_from \(command.name)' -l \(option.name)\(value) "
          + "-d \(described(option.help))"
      }
    }
    return "# Completes \(programName) in fish.\n" + (names + options).map { $0 + "\n" }.joined()
  }

  private static func words(_ words: [String]) -> String { words.joined(separator: " ") }
}
