import TensorCore

/// The manual page, made from the grammar of the commands.
enum ManualPage {
  /// The command `man`.
  static func command(_ page: @escaping @Sendable () -> String) -> Command {
    Command(
      name: "man", summary: "print the manual page", example: "charrnn man > charrnn.1 && man ./charrnn.1"
    ) { _ in
      try OutputChannel.standardOutput.write(page())
      return .done
    }
  }
}

extension Program {
  /// The page in the `man` macros of roff.
  static func manualPage(_ summary: String, _ commands: [Command]) -> String {
    var lines = [
      ".TH \(programName.uppercased()) 1", ".SH NAME",
      "\(programName) \\- learn character models from text and write new text",
      ".SH SYNOPSIS", ".B \(programName)", ".I command", "[argument ...] [options]", ".SH DESCRIPTION", roff(summary),
      ".SH COMMANDS",
    ]
    for command in commands {
      lines += [
        ".SS \(roff(command.usage))",
        roff(command.summary.prefix(1).uppercased() + String(command.summary.dropFirst())) + ".",
      ]
      for argument in command.arguments { lines += entry(argument.label, argument.help) }
      for group in command.groups {
        lines += [".PP", ".I \(roff(group.title))"]
        for option in group.options where !option.help.isEmpty { lines += entry(option.label, option.fullHelp) }
      }
      lines += [".PP", "Example:", ".PP", ".RS", ".nf", roff(command.example), ".fi", ".RE"]
    }
    let codes = ExitCode.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")
    lines += [
      ".SH EXIT STATUS",
      "One of \(codes), as in sysexits.h; 128 and the number of a signal that stopped a run after saving it.",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func entry(_ label: String, _ help: String) -> [String] { [".TP", ".B \(roff(label))", roff(help)] }

  /// Text as roff reads it: hyphens of options stay hyphens, … is three full stops, and no line is a request.
  private static func roff(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("…", with: "...")
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }
}
