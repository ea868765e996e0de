import CharrnnCommandSupport
import Testing

@Suite("Option grammar")
struct GrammarTests {
  /// Every option reads the same after a space and after an equals sign, before, between and after the arguments.
  @Test func everyOptionReadsTheSameInEverySpellingAndOrder() throws {
    let options: [(name: String, text: String)] = [
      ("batch", "7"), ("cups", "0"), ("learning-rate", "1e-3"), ("clip", "-0.5"), ("clip", "-.5"),
      ("milk-fraction", "0"),
      ("top-p", "1"), ("time", "1.5h"), ("cell", "rnn-relu"), ("strength", "strong"), ("prime", "a=b"), ("out", "-"),
    ]
    for (name, text) in options {
      for spelling in [["--\(name)", text], ["--\(name)=\(text)"]] {
        for position in 0...2 {
          var words = ["pot", "leaf"]
          words.insert(contentsOf: spelling, at: position)
          let arguments = try ParsedArguments(words, of: Brew.command)
          #expect(arguments.givenNames == [name])
          #expect(arguments[Brew.pot] == "pot")
          #expect(arguments[Brew.leaves] == ["leaf"])
          #expect(
            readings(arguments)[name]
              == readings(try ParsedArguments(["p", "l", "--\(name)=\(text)"], of: Brew.command))[name])
        }
      }
    }
  }

  /// Values of a file count as given, but where the command line gives the option.
  @Test func valuesOfAFileAreForOptionsThatAreNotGiven() throws {
    var arguments = try Brew.parse("pot", "a", "--batch", "3")
    try arguments.add("4", for: Brew.batch, named: "batch", in: "tea.json")
    try arguments.add("0.5", for: Brew.learningRate, named: "learning_rate", in: "tea.json")
    try arguments.add("", for: Brew.json, named: "json", in: "tea.json")
    #expect(arguments[Brew.batch] == 3 && arguments[Brew.learningRate] == 0.5 && arguments[Brew.json])
    #expect(arguments.givenNames == ["batch", "learning-rate", "json"])
    #expect(arguments.givesOnCommandLine(Brew.batch) && !arguments.givesOnCommandLine(Brew.json))
    let failure = #expect(throws: CommandFailure.self) {
      try arguments.add("none", for: Brew.batch, named: "batch", in: "tea.json")
    }
    #expect(failure?.code == .usage && failure?.message.hasPrefix("tea.json: batch: \"none\" is not") == true)
  }

  @Test func valuesHaveTheirDeclaredType() throws {
    let arguments = try Brew.parse(
      "pot", "a", "--batch=3", "--cups", "9", "--learning-rate=0.5", "--clip", "-2", "--time", "10m",
      "--strength=strong",
      "--prime", "", "--out=x", "--json", "b")
    #expect(arguments[Brew.batch] == 3)
    #expect(arguments[Brew.cups] == 9)
    #expect(arguments[Brew.learningRate] == 0.5)
    #expect(arguments[Brew.clip] == -2)
    #expect(arguments[Brew.time] == .seconds(600))
    #expect(arguments[Brew.strength] == .strong)
    #expect(arguments[Brew.prime] == "")
    #expect(arguments[Brew.out] == "x")
    #expect(arguments[Brew.json])
    #expect(arguments[Brew.leaves] == ["a", "b"])
  }

  @Test func whatIsNotGivenHasItsDefaultAndIsKnownNotToBeGiven() throws {
    let arguments = try Brew.parse("pot", "leaf")
    #expect(arguments[Brew.batch] == 50)
    #expect(arguments[Brew.cups] == nil)
    #expect(arguments[Brew.pause] == .seconds(90))
    #expect(arguments[Brew.strength] == .weak)
    #expect(arguments[Brew.out] == nil)
    #expect(!arguments[Brew.json])
    #expect(arguments.givenNames.isEmpty)
    #expect(!arguments.gives(Brew.batch))
    #expect(try Brew.parse("pot", "leaf", "--batch", "50").gives(Brew.batch))
  }

  /// After -- everything is an argument; a lone hyphen and a negative number always are.
  @Test func everythingAfterTwoHyphensIsAnArgument() throws {
    #expect(try Brew.parse("--json", "--", "--pot", "--batch", "-h", "--")[Brew.leaves] == ["--batch", "-h", "--"])
    #expect(try Brew.parse("-", "-5", "-.5")[Brew.leaves] == ["-5", "-.5"])
  }

  /// A value is taken as it is, also where it begins with an equals sign, a hyphen or a combining mark.
  @Test func aValueIsTakenAsItIs() throws {
    for value in ["=", "--batch", "-h", "\u{301}e", "a=b=c", "\u{FE0F}", "line\nfeed", "é", "e\u{301}"] {
      let read = try Brew.parse("pot", "leaf", "--prime=\(value)")[Brew.prime]
      #expect(Array(read.utf8) == Array(value.utf8))
    }
  }

  @Test func eachKindAcceptsTheInsideOfItsBoundsAndRefusesTheOutside() {
    let cases: [(option: String, right: [String], wrong: [String])] = [
      (
        "batch", ["1", "+2", "9223372036854775807"],
        ["0", "-1", "9223372036854775808", "1.0", "1e3", "", " 1", "x", "0x10"]
      ),
      ("cups", ["0", "9"], ["-1", "10"]),
      ("learning-rate", ["1e-300", "3"], ["0", "-1", "nan", "inf", "1e400", "", "1 ", "0,5"]),
      ("milk-fraction", ["0", "0.999"], ["1", "-0.1"]),
      ("top-p", ["0.001", "1"], ["0", "1.001"]),
      ("time", ["1s", "0.5s", "2h", "90m"], ["0s", "-1s", "10", "m", "", "1d", "1e30h", "nans", "infs", "1 m"]),
      ("cell", ["lstm", "rnn-relu"], ["LSTM", "", "rnn-"]),
      ("strength", ["weak", "strong"], ["Weak", "medium"]),
      ("out", ["a", " "], [""]),
      ("toast", ["a", " ", "\u{301}"], [""]),
    ]
    for (option, right, wrong) in cases {
      for text in right { #expect(Brew.failure(["p", "l", "--\(option)=\(text)"]) == nil, "\(option)=\(text)") }
      for text in wrong {
        let failure = Brew.failure(["p", "l", "--\(option)=\(text)"])
        #expect(failure?.code == .usage, "\(option)=\(text)")
        #expect(failure?.message.hasPrefix("--\(option): \"\(text)\" is not ") == true, "\(option)=\(text)")
      }
    }
  }

  @Test(arguments: [
    (["p", "l", "--bacth", "5"], "unknown option --bacth; did you mean --batch?"),
    (["p", "l", "--lr=5"], "unknown option --lr; did you mean --learning-rate?"),
    (["p", "l", "-batch", "5"], "unknown option -batch; did you mean --batch?"),
    (["p", "l", "--qqqqqq"], "unknown option --qqqqqq"),
    (["p", "l", "--batch"], "--batch needs a value N"),
    (
      ["p", "l", "--prime", "--json"],
      "--prime needs a value TEXT; a value that begins with a hyphen is written --prime=-…"
    ),
    (["p", "l", "--batch=1", "--batch", "1"], "--batch is given twice"),
    (["p", "l", "--json", "--json"], "--json is given twice"),
    (["p", "l", "--json=yes"], "--json: takes no value"),
    (["p", "l", "--batch=x"], "--batch: \"x\" is not a whole number of at least 1"),
    (["p", "l", "--cups=x"], "--cups: \"x\" is not a whole number of at least 0 and of at most 9"),
    (["p", "l", "--clip=x"], "--clip: \"x\" is not a number"),
    (["p", "l", "--milk-fraction=1"], "--milk-fraction: \"1\" is not a number of at least 0 and below 1"),
    (["p", "l", "--time=5"], "--time: \"5\" is not a time such as 90s, 10m or 2h"),
    (["p", "l", "--cell=lsmt"], "--cell: \"lsmt\" is not one of lstm, gru, rnn, rnn-relu; did you mean lstm?"),
    (["p"], "missing argument LEAVES; usage: charrnn brew POT LEAVES… [options]"),
    ([], "missing argument POT; usage: charrnn brew POT LEAVES… [options]"),
  ])
  func everyMisuseIsAnsweredByWhatIsWrongAndWhereTheHelpIs(words: [String], message: String) {
    #expect(Brew.failure(words) == CommandFailure("\(message) (see charrnn brew --help)", code: .usage))
  }

  @Test func aCommandWithoutArgumentsRefusesThem() {
    #expect(throws: CommandFailure.usage("unexpected argument \"x\"; usage: charrnn rest [options]", command: "rest")) {
      try ParsedArguments(["x"], of: Brew.rest)
    }
  }

  /// Whatever words are given, parsing ends in values or in wrong usage of one short line.
  @Test func parsingEndsInValuesOrInWrongUsageOfOneLine() {
    let pieces = [
      "--", "-", "batch", "cups", "=", "5", "x", "-h", "cell", "gru", "", "\n", "\u{301}", "json", "--json",
    ]
    let seed: UInt64 = 11
    var state = seed
    for round in 0..<2000 {
      let words = (0..<Int(next(&state) % 6)).map { _ in
        (0..<Int(next(&state) % 4)).map { _ in pieces[Int(next(&state) % UInt64(pieces.count))] }.joined()
      }
      guard let failure = Brew.failure(words) else { continue }
      #expect(failure.code == .usage, "seed \(seed), round \(round): \(words)")
      let line = errorLine(failure.message)
      #expect(
        line.unicodeScalars.filter { $0 == "\n" }.count == 1 && line.count < 400,
        "seed \(seed), round \(round): \(words)")
    }
  }

  @Test func anOptionThatTheCommandDoesNotDeclareIsAProgrammingError() async {
    await #expect(processExitsWith: .failure) {
      let arguments = try ParsedArguments([], of: Brew.rest)
      _ = arguments[Brew.batch]
    }
  }

  /// A default outside its own bounds, and a name declared twice, are programming errors.
  @Test func wrongDeclarationsAreProgrammingErrors() async {
    await #expect(processExitsWith: .failure) {
      _ = Option("batch", .integer(atLeast: 1), default: 0, help: "")
    }
    await #expect(processExitsWith: .failure) {
      _ = Command(
        name: "twice", summary: "", groups: [OptionGroup("A", [Brew.batch]), OptionGroup("B", [Brew.batch])],
        example: "",
        run: { _ in .done })
    }
  }

  private func readings(_ arguments: ParsedArguments) -> [String: String] {
    [
      "batch": "\(arguments[Brew.batch])", "cups": "\(arguments[Brew.cups] ?? -1)",
      "learning-rate": "\(arguments[Brew.learningRate])", "clip": "\(arguments[Brew.clip])",
      "milk-fraction": "\(arguments[Brew.fraction])", "top-p": "\(arguments[Brew.topP] ?? -1)",
      "time": "\(arguments[Brew.time] ?? .zero)", "cell": arguments[Brew.cell],
      "strength": arguments[Brew.strength].rawValue, "prime": arguments[Brew.prime], "out": arguments[Brew.out] ?? "",
    ]
  }

  private func next(_ state: inout UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
