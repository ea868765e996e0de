import CharrnnTestSupport
import Foundation

/// A program that the documentation prints: a file of `Tests/DocumentationPrograms`, whose function holds its lines.
struct DocumentedProgram: Sendable, CustomStringConvertible {
  let name: String
  let source: String

  var description: String { name }

  static let all: [DocumentedProgram] = sources(below: "Tests/DocumentationPrograms").compactMap { file, source in
    file == "main" ? nil : DocumentedProgram(name: file, source: source)
  }

  /// Programs that read streams by models of other packages.
  static let streams = sources(below: "Tests/Interop/Models/Streams").map(\.source)

  /// Swift files by the name before `.swift`, in order.
  static func sources(below folder: String) -> [(name: String, source: String)] {
    let root = Repository.root.appendingPathComponent(folder)
    let paths = FileManager.default.enumerator(atPath: root.path)!.compactMap { $0 as? String }
    return paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
      let file = root.appendingPathComponent(path)
      return (file.deletingPathExtension().lastPathComponent, try! String(contentsOf: file, encoding: .utf8))
    }
  }

  /// Whether the file is this block and nothing else: its imports, and a function named after the file around the rest.
  func isWhole(_ block: CodeBlock) -> Bool {
    let imports = block.lines.prefix { $0.hasPrefix("import ") }
    let rest = block.lines.dropFirst(imports.count).drop { $0.isEmpty }
    let body: [String] = rest.map { $0.isEmpty ? "" : "  " + $0 }
    let function = name.prefix(1).lowercased() + name.dropFirst()
    let lines: [String] = Array(imports) + ["", "func \(function)() throws {"] + body + ["}", ""]
    return source == lines.joined(separator: "\n")
  }

  /// Runs the program in a directory that has the folders of the repository which programs read.
  func run(in directory: ScratchDirectory) throws -> (output: String, code: Int32) {
    try BuiltProgram.run("DocumentationPrograms", [name], in: directory.path)
  }

  static func directory() throws -> ScratchDirectory {
    let directory = try ScratchDirectory()
    for folder in ["corpora", "Examples", "Tests"] {
      try FileManager.default.createSymbolicLink(
        atPath: directory.path(of: folder), withDestinationPath: Repository.root.appendingPathComponent(folder).path)
    }
    return directory
  }
}
