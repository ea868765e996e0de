import LanguageModels
import SequenceText
import Testing

@Suite struct CorpusDiagnosisTests {
  /// Lines are counted by their ends, of which a token of words or subwords may hold several.
  @Test(arguments: TokenKind.allCases, ["a fox\n", "a fox\n\n  ran\n", "a fox\r\n\r\n"])
  func linesAreCounted(kind: TokenKind, text: String) throws {
    let whole = String(repeating: text, count: 30)
    let diagnosis = CorpusDiagnosis(of: try sampleCorpus(whole, kind: kind))
    #expect(diagnosis.lines == whole.utf8.count { $0 == 10 })
  }
}
