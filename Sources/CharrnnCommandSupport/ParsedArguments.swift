import TensorCore

/// The validated arguments of one command: every value can be read as the type that its declaration states.
package struct ParsedArguments: Sendable {
  package let command: Command
  /// The options given, by name, in order: those on the command line, then those that were added.
  package private(set) var givenNames: [String] = []
  private var addedNames: Set<String> = []
  private var texts: [String: String] = [:]
  private var positionals: [String: [String]] = [:]

  /// Parses the words after the command's name. `--` ends the options. Options and positional arguments may be mixed. A lone
  /// `-` and words that start like a negative number are never options.
  ///
  /// - Throws: wrong usage (64).
  package init(_ words: [String], of command: Command) throws(CommandFailure) {
    self.command = command
    var loose: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        loose += rest
        break
      }
      if looksLikeOption(word) {
        try readOption(word, rest: &rest)
      } else {
        loose.append(word)
      }
    }
    try assign(loose)
  }

  /// The value given, or the option's default.
  package subscript<Value>(option: Option<Value>) -> Value {
    check(option)
    guard let text = texts[option.name] else { return option.defaultValue }
    guard let value = option.read(text) else { programmingError("two options are named --\(option.name)") }
    return value
  }

  package subscript(flag: Flag) -> Bool { gives(flag) }

  package subscript<Value>(argument: Argument<Value>) -> Value {
    guard let words = positionals[argument.name] else {
      programmingError("command \(command.name) does not declare the argument \(argument.name)")
    }
    return argument.read(words)
  }

  /// Whether the option was given, even with its default value.
  package func gives(_ option: any OptionDeclaration) -> Bool {
    check(option)
    return texts[option.name] != nil
  }

  /// Whether the option was given on the command line itself.
  package func givesOnCommandLine(_ option: any OptionDeclaration) -> Bool {
    gives(option) && !addedNames.contains(option.name)
  }

  /// Adds the value that a file has for an option, where the option is not given.
  ///
  /// - Parameters:
  ///   - text: the value as it would stand on the command line; empty for a flag.
  ///   - name: name of the option in the file.
  /// - Throws: wrong usage (64) where the option cannot have the value, given or not.
  package mutating func add(
    _ text: String, for option: any OptionDeclaration, named name: String, in file: String
  ) throws(CommandFailure) {
    if option.valueName != nil, let problem = option.problem(with: text) {
      throw usageFailure("\(file): \(name): \(problem)")
    }
    if gives(option) { return }
    texts[option.name] = text
    givenNames.append(option.name)
    addedNames.insert(option.name)
  }

  /// An error of wrong usage found after parsing, for instance options that exclude one another.
  package func usageFailure(_ message: String) -> CommandFailure { .usage(message, command: command.name) }

  private func check(_ option: any OptionDeclaration) {
    if !command.options.contains(where: { $0.name == option.name }) {
      programmingError("command \(command.name) does not declare --\(option.name)")
    }
  }
}

extension ParsedArguments {
  private mutating func readOption(_ word: String, rest: inout ArraySlice<String>) throws(CommandFailure) {
    // Split by scalar: a combining mark at the start of the value would join the equals sign into one character.
    let scalars = word.unicodeScalars.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let parts = scalars.map { String($0) }
    guard let option = command.options.first(where: { "--\($0.name)" == parts[0] }) else {
      throw unknownOption(parts[0], known: command.options.map(\.name), command: command.name)
    }
    let name = "--\(option.name)"
    if texts[option.name] != nil { throw usageFailure("\(name) is given twice") }
    givenNames.append(option.name)
    var text = parts.count > 1 ? parts[1] : nil
    if let valueName = option.valueName, text == nil {
      guard let next = rest.first, !looksLikeOption(next) else {
        let hint = rest.isEmpty ? "" : "; a value that begins with a hyphen is written \(name)=-…"
        throw usageFailure("\(name) needs a value \(valueName)\(hint)")
      }
      text = rest.removeFirst()
    }
    if let text, let problem = option.problem(with: text) { throw usageFailure("\(name): \(problem)") }
    texts[option.name] = text ?? ""
  }

  private mutating func assign(_ words: [String]) throws(CommandFailure) {
    var rest = words[...]
    for argument in command.arguments {
      guard let first = rest.popFirst() else {
        if !argument.isNeeded {
          positionals[argument.name] = []
          continue
        }
        throw usageFailure("missing argument \(argument.name); usage: \(command.usage)")
      }
      positionals[argument.name] = [first]
      if argument.isRepeated {
        positionals[argument.name]! += rest
        rest = []
      }
    }
    if let extra = rest.first { throw usageFailure("unexpected argument \(quoted(extra)); usage: \(command.usage)") }
  }
}

/// Whether a word is an option. A lone `-` names standard input, and `-0.5` is a number: both are values.
func looksLikeOption(_ word: String) -> Bool {
  guard word.first == "-", let second = word.dropFirst().first else { return false }
  return !(second == "." || ("0"..."9").contains(second))
}

func unknownOption(_ word: String, known: [String], command: String?) -> CommandFailure {
  let nearest = nearestName(to: String(word.drop { $0 == "-" }), among: known)
  let hint = nearest.map { "; did you mean --\($0)?" } ?? ""
  return .usage("unknown option \(shortened(word, to: 60))\(hint)", command: command)
}
