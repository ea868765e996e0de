import CharrnnTestSupport
import Foundation
import Testing

/// Swift code that the documentation prints is compiled and run, as printed.
@Suite struct DocumentationTests {
  @Test(arguments: CodeBlock.all)
  func everyBlockIsOfAKnownLanguage(block: CodeBlock) {
    #expect(["swift", "shell"].contains(block.language), "\(block): \(block.language)")
    #expect(!block.lines.isEmpty, "\(block)")
  }

  /// A block with imports is a whole program; any other is a part of an example, which `ExamplesTests` runs.
  @Test(arguments: CodeBlock.all.filter { $0.language == "swift" })
  func everySwiftBlockIsCompiledAsPrinted(block: CodeBlock) {
    if block.lines.contains(where: { $0.hasPrefix("import ") }) {
      #expect(
        DocumentedProgram.all.contains { $0.isWhole(block) } || DocumentedProgram.streams.contains(block.source),
        "\(block) is no file of Tests/DocumentationPrograms or Tests/Interop/Models/Streams, line for line")
    } else {
      #expect(
        DocumentedProgram.sources(below: "Examples").contains { "\n\($0.source)".contains("\n" + block.source) },
        "\(block) stands in no file of Examples, line for line")
    }
  }

  @Test(arguments: DocumentedProgram.all)
  func everyProgramIsPrinted(program: DocumentedProgram) {
    #expect(CodeBlock.all.contains { program.isWhole($0) }, "no Markdown file prints \(program).swift")
  }

  /// Programs for models of other packages, which `.ci/interop` runs, are short.
  @Test(arguments: DocumentedProgram.streams)
  func everyProgramForAStreamIsPrinted(source: String) {
    #expect(CodeBlock.all.contains { $0.source == source })
    #expect(source.split(separator: "\n", omittingEmptySubsequences: false).count <= 40)
  }

  @Test(arguments: DocumentedProgram.all)
  func everyProgramRunsTwiceInARow(program: DocumentedProgram) throws {
    let directory = try DocumentedProgram.directory()
    let first = try program.run(in: directory)
    #expect(first.code == 0 && !first.output.isEmpty, "\(first.output)")
    #expect(try program.run(in: directory) == first)
  }

  @Test func aRunThatWasStoppedEndsWithTheSameBits() throws {
    let output = try output(of: "StopAndResume")
    #expect(output == "stopped after step 10\nthe same weights, to the bit: true\n")
  }

  @Test func sampledTextsKeepTheirSeedPatternAndStop() throws {
    let output = try output(of: "SteerSampling")
    let seeded = #/seed 7: (?<text>(?s).{60})\nagain:  (?<again>(?s).{60})\n/#
    let texts = try #require(output.firstMatch(of: seeded))
    #expect(texts.text == texts.again)
    #expect(output.contains(#/\nmatching: The [a-z]{2,8} and the [a-z]{2,8}\nstopped: The fox .*\n$/#))
  }

  private func output(of name: String) throws -> String {
    let program = try #require(DocumentedProgram.all.first { $0.name == name })
    return try program.run(in: DocumentedProgram.directory()).output
  }
}
