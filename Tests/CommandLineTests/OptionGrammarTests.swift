import CharrnnTestSupport
import Testing

@Suite struct OptionGrammarTests {
  /// The inputs that the fuzz target of the option grammar keeps.
  @Test func everyKeptInputIsReadWithinTheLaws() throws {
    let inputs = try Repository.fuzzInputs(of: "options")
    #expect(!inputs.isEmpty)
    for (_, bytes) in inputs { readOptions(bytes) }
  }
}
