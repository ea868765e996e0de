import CharrnnTestSupport
import Foundation
import LanguageModels
import Testing

/// The README's tables are complete, and the command lines of the documentation are right.
@Suite struct ReadmeTests {
  private let readme: String

  init() throws {
    readme = try String(contentsOf: Repository.root.appendingPathComponent("README.md"), encoding: .utf8)
  }

  @Test func theReadmeNamesEveryCommand() {
    for command in UsageTests.commands {
      let names = ["| `\(command) ", "| `\(command)` ", ", or `\(command)` |"]
      #expect(names.contains { readme.contains($0) }, "\(command)")
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

  @Test func theReadmeLinksEveryArticle() throws {
    let catalog = "Sources/SequenceModeling/SequenceModeling.docc"
    let articles = Repository.root.appendingPathComponent(catalog).path
    let names = try FileManager.default.contentsOfDirectory(atPath: articles)
    for article in names where article.hasSuffix(".md") && article != "SequenceModeling.md" {
      #expect(readme.contains("](\(catalog)/\(article))"), "\(article)")
    }
  }

  /// Without the files that it names, a line of right usage is refused for them, or does what needs none.
  @Test(arguments: commandLines(of: CodeBlock.all))
  func noDocumentedCommandLineIsWrongUsage(line: String) throws {
    let outcome = try Workplace().shell(line)
    #expect([0, 66].contains(outcome.code), "\(line): \(outcome.errors)")
  }

  /// Options in code within the text: `--length 50`, `sample --new`.
  @Test func everyOptionThatTheDocumentationNamesExists() throws {
    let workplace = try Workplace()
    let help = try UsageTests.commands.map { try workplace.charrnn($0, "--help-all").text }.joined()
    let known = Set(help.matches(of: #/--[a-z][a-z-]*/#).map { $0.output })
    let spans = try Regex<Substring>("`(?:(?:\(UsageTests.commands.joined(separator: "|"))) )?--[^`]*`")
    for file in CodeBlock.files {
      for code in try String(contentsOf: file, encoding: .utf8).matches(of: spans) {
        for option in code.output.matches(of: #/--[a-z][a-z-]*/#) {
          #expect(known.contains(option.output), "\(file.lastPathComponent): \(option.output)")
        }
      }
    }
  }

  /// Lines that a newcomer types one after the other, on a small text in the place of the one that they name. Those of the
  /// article that the README has too are run once.
  @Test func theFirstLinesRunInOrder() throws {
    let workplace = try Workplace()
    try FileManager.default.createDirectory(
      atPath: workplace.path(of: "corpora"), withIntermediateDirectories: false)
    let names = try String(contentsOf: Repository.corpus("names.txt"), encoding: .utf8).split(separator: "\n")
    let some = names.filter { $0.hasPrefix("Mar") }.prefix(24)
    try workplace.write(some.joined(separator: "\n") + "\n", to: "corpora/names.txt")
    var lines: [String] = []
    for file in ["README.md", "FirstModel.md"] {
      let blocks = CodeBlock.all.filter { $0.file == file && $0.commands.contains { $0.hasPrefix("charrnn ") } }
      lines += commandLines(of: blocks).filter { !lines.contains($0) }
    }
    #expect(lines.count > 3)
    for line in lines { expectDone(try workplace.shell(line)) }
  }
}

/// Lines of shell blocks that call `charrnn`, for `Workplace.shell`.
private func commandLines(of blocks: [CodeBlock]) -> [String] {
  blocks.filter { $0.language == "shell" }.flatMap(\.commands).compactMap { line in
    guard let call = line.prefixMatch(of: #/(?<variables>([A-Z_]+=\S* )*)(swift run -c release )?charrnn /#) else {
      return nil
    }
    return call.variables + "\"$0\" " + line[call.range.upperBound...]
  }
}
