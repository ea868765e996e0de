import CharrnnTestSupport
import Foundation
import LanguageModels
import Testing

/// The README's tables are complete.
@Suite struct ReadmeTests {
  private let readme: String

  init() throws {
    readme = try String(contentsOf: Repository.root.appendingPathComponent("README.md"), encoding: .utf8)
  }

  @Test func theReadmeNamesEveryCommand() {
    for command in UsageTests.commands {
      #expect(readme.contains("| `\(command) ") || readme.contains("| `\(command)` "), "\(command)")
    }
  }

  @Test(arguments: CellKind.allCases)
  func theReadmeNamesEveryCell(cell: CellKind) {
    #expect(readme.contains("`\(cell.rawValue)`"))
  }

  @Test func theReadmeNamesEveryExample() throws {
    let examples = Repository.root.appendingPathComponent("Examples").path
    for example in try FileManager.default.contentsOfDirectory(atPath: examples) where !example.hasPrefix(".") {
      #expect(readme.contains("| `\(example)` |"), "\(example)")
    }
  }
}
