import LanguageModels
import SequenceText
import TensorCore
import Testing
import WebPages

@Suite struct ModelPageTests {
  private let vocabulary: Vocabulary

  init() throws { vocabulary = try Vocabulary(symbols: [[0x0A], [0x61]], kind: .character) }

  @Test func aModelLargerThanTheStringsOfABrowserIsRefused() throws {
    let shape = ModelShape(Architecture(layers: 1, hidden: 5000), vocabulary: vocabulary.count)
    let file = ModelFile(model: CharacterModel<Float>(shape), vocabulary: vocabulary)
    #expect { try ModelPage(file, title: "large") } throws: { "\($0)".contains("100090002 parameters") }
  }

  @Test(arguments: CellKind.allCases)
  func thePageComputesEveryCell(cell: CellKind) throws {
    let shape = ModelShape(Architecture(cell: cell, hidden: 4), vocabulary: vocabulary.count)
    var random = RandomSource(seed: 1)
    let file = ModelFile(model: CharacterModel<Float>(shape).drawn(using: &random), vocabulary: vocabulary)
    let script = try #require(try ModelPage(file, title: "small").page.script)
    #expect(script.contains("\"\(cell.rawValue)\": {gates:"))
  }
}
