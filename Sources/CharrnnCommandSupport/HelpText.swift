/// The widest line of any help page, in columns.
package let helpWidth = 100

extension Command {
  /// The page of `charrnn <command> --help`, no line wider than `width` columns unless a single word is.
  ///
  /// - Parameter all: whether it has all options, or the usual ones.
  package func helpText(width: Int = helpWidth, all: Bool = true) -> String {
    var sections = [wrapped(summary.prefix(1).uppercased() + summary.dropFirst() + ".", width: width)]
    sections.append(["Usage: \(usage)"])
    if !arguments.isEmpty {
      sections.append(table("Arguments", arguments.map { ($0.label, $0.help) }, width: width))
    }
    let shown = all || usual.isEmpty ? groups : [OptionGroup("Usual options", usual.map(option(named:)))]
    let groups = shown.isEmpty ? [OptionGroup("Options", [])] : shown
    for (index, group) in groups.enumerated() {
      var rows = group.options.filter { !$0.help.isEmpty }.map { ($0.label, $0.fullHelp) }
      if index == groups.count - 1 {
        if !usual.isEmpty { rows.append((Command.helpAll.label, Command.helpAll.help)) }
        rows.append((Command.help.label, Command.help.help))
      }
      sections.append(table(group.title, rows, width: width))
    }
    sections.append(["Example:", "  \(example)"])
    return page(sections)
  }
}

extension Program {
  /// The page of `charrnn --help`.
  package func helpText(width: Int = helpWidth) -> String {
    page([
      wrapped(summary, width: width),
      ["Usage: \(programName) <command> …"],
      table("Commands", commands.map { ($0.name, $0.summary) }, width: width),
      table("Options", Program.options.map { ($0.label, $0.help) }, width: width),
      ["\(programName) <command> --help shows the options of a command, their defaults and an example."],
    ])
  }
}

extension Command {
  private func option(named name: String) -> any OptionDeclaration { options.first { $0.name == name }! }
}

extension OptionDeclaration {
  var label: String {
    let spelling = name == Command.help.name ? "-h, --\(name)" : "--\(name)"
    return valueName.map { "\(spelling) \($0)" } ?? spelling
  }

  var fullHelp: String {
    guard let defaultText, !defaultText.isEmpty else { return help }
    return "\(help) (default: \(defaultText))"
  }
}

private func page(_ sections: [[String]]) -> String {
  sections.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
}

/// A heading and its rows; a label too long for its column has its help on the next line.
private func table(_ title: String, _ rows: [(label: String, help: String)], width: Int) -> [String] {
  let column = 28
  let margin = String(repeating: " ", count: column)
  return ["\(title):"]
    + rows.flatMap { row in
      var lines = wrapped(row.help, width: width - column).map { margin + $0 }
      let label = "  \(row.label)"
      if label.count + 2 > column { return [label] + lines }
      lines[0] = label + lines[0].dropFirst(label.count)
      return lines
    }
}

/// `text` broken at spaces into lines of at most `width` columns; at least one line.
private func wrapped(_ text: String, width: Int) -> [String] {
  var lines: [String] = []
  for word in text.split(separator: " ") {
    if let last = lines.last, last.count + 1 + word.count <= width {
      lines[lines.count - 1] += " \(word)"
    } else {
      lines.append(String(word))
    }
  }
  return lines.isEmpty ? [""] : lines
}
