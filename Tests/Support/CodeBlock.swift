import Foundation

/// A block of code in the documentation: README.md and the articles of the documentation catalog.
package struct CodeBlock: Sendable, CustomStringConvertible {
  /// Name of the Markdown file.
  package let file: String
  /// Line of the block's first line, from 1.
  package let line: Int
  /// What the fence says (`swift`), or `shell` for an indented block.
  package let language: String
  package var lines: [String] = []

  package var description: String { "\(file):\(line)" }

  /// The lines as a file.
  package var source: String { lines.joined(separator: "\n") + "\n" }

  /// All blocks, file by file.
  package static let all: [CodeBlock] = files.flatMap { blocks(of: $0) }

  /// The Markdown files of the documentation.
  package static let files: [URL] = {
    let catalog = Repository.root.appendingPathComponent("Sources/SequenceModeling/SequenceModeling.docc")
    let articles = try! FileManager.default.contentsOfDirectory(atPath: catalog.path).sorted()
    return [Repository.root.appendingPathComponent("README.md")]
      + articles.filter { $0.hasSuffix(".md") }.map { catalog.appendingPathComponent($0) }
  }()

  private static func blocks(of file: URL) -> [CodeBlock] {
    var (blocks, open) = ([CodeBlock](), CodeBlock?.none)
    func close() {
      open.map { blocks.append($0) }
      open = nil
    }
    func begin(_ number: Int, _ language: String) -> CodeBlock {
      CodeBlock(file: file.lastPathComponent, line: number, language: language)
    }
    var isFenced = false
    let text = try! String(contentsOf: file, encoding: .utf8)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("```") {
        isFenced.toggle()
        close()
        if isFenced { open = begin(index + 2, String(line.dropFirst(3))) }
      } else if isFenced {
        open?.lines.append(String(line))
      } else if line.hasPrefix("    ") {
        if open == nil { open = begin(index + 1, "shell") }
        open?.lines.append(String(line.dropFirst(4)))
      } else {
        close()
      }
    }
    close()
    return blocks
  }

  /// Commands of a shell block, without their comments; a line that ends with a backslash goes on in the next.
  package var commands: [String] {
    lines.joined(separator: "\n").replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n").map { line in
      let command = line.range(of: " #").map { line[..<$0.lowerBound] } ?? line
      return command.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }
}
