import CharrnnCommandSupport
import Testing

@Suite("Help text")
struct HelpTextTests {
  @Test func aCommandsHelpPage() {
    #expect(
      Brew.command.helpText() == """
        Brew a pot of tea from leaves.

        Usage: charrnn brew POT LEAVES… [options]

        Arguments:
          POT                       where to brew
          LEAVES…                   what to brew, poured in the order given

        Tea:
          --batch N                 cups brewed side by side (default: 50)
          --cups N                  cups in all, the first limit reached ends it
          --learning-rate X         how fast the taste changes (default: 0.002)
          --clip X                  sugar, negative for salt (default: 5)
          --milk-fraction X         milk, part of all (default: 0.05)
          --top-p X                 part of the leaves that is kept
          --time TIME               how long to brew
          --pause TIME              how long to wait before the first cup (default: 90s)
          --cell lstm|gru|rnn|rnn-relu
                                    shape of the cell (default: lstm)
          --strength weak|strong    how strong it becomes (default: weak)

        Output:
          --prime TEXT              words said first
          --toast TEXT              words said last
          --out DIR                 the directory that the result goes to, with a help text so long that it
                                    has to be wrapped onto several lines (default: runs/<pot name>, numbered
                                    when taken)
          --json                    print one JSON object
          -h, --help                show this help

        Example:
          charrnn brew kettle assam.txt --batch 3

        """)
  }

  /// With usual options named, `--help` shows these, and `--help-all` all of them.
  @Test func theUsualOptionsAreShownWhereThereAreMany() throws {
    let command = Command(
      name: "pour", summary: "pour tea", groups: Brew.command.groups, usual: ["cell", "batch"], example: "charrnn pour"
    ) { _ in .done }
    let page = command.helpText(all: false)
    #expect(page.matches(of: /\n  (?:-h, )?--([a-z-]+)/).map { String($0.1) } == ["cell", "batch", "help-all", "help"])
    for option in Brew.command.groups.flatMap(\.options) {
      #expect(command.helpText(all: true).contains("--\(option.name)"))
    }
  }

  @Test func theProgramsHelpPage() {
    #expect(
      Brew.program.helpText() == """
        Makes tea.

        Usage: charrnn <command> …

        Commands:
          brew                      brew a pot of tea from leaves
          rest                      do nothing for a while
          completions               print a script that completes command lines in a shell
          man                       print the manual page

        Options:
          -h, --help                show this help
          --version                 show the version

        charrnn <command> --help shows the options of a command, their defaults and an example.

        """)
  }

  @Test func noLineIsWiderThanAskedAndEveryWordIsThereAtEveryWidth() {
    let words = Set(Brew.command.helpText(width: 400).split(whereSeparator: \.isWhitespace))
    for width in 60...100 {
      let page = Brew.command.helpText(width: width)
      #expect(page.split(separator: "\n").allSatisfy { $0.count <= width }, "width \(width)")
      #expect(Set(page.split(whereSeparator: \.isWhitespace)) == words, "width \(width)")
    }
  }

  @Test func everyOptionStandsInTheHelpWithItsDefault() {
    let page = Brew.command.helpText()
    for option in Brew.command.groups.flatMap(\.options) {
      #expect(page.contains("  --\(option.name)"))
      if let text = option.defaultText, !text.isEmpty {
        #expect(page.contains("(default: \(text.prefix(4))"), "\(option.name)")
      }
    }
  }

  /// A default in the help is a value that the option reads back as the default.
  @Test func aDefaultInTheHelpReadsBackAsTheDefault() throws {
    let durations: [Duration] = [
      .seconds(1), .seconds(0.5), .seconds(60), .seconds(90), .seconds(3600), .seconds(5400),
    ]
    for duration in durations {
      let option = Option("pause", .duration, default: duration, help: "")
      let command = Command(
        name: "c", summary: "", groups: [OptionGroup("A", [option])], example: "", run: { _ in .done })
      let text = try #require(option.defaultText)
      #expect(try ParsedArguments(["--pause", text], of: command)[option] == duration)
    }
  }
}
