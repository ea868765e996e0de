import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Items of the corpus that a model was trained on.
struct KnownItems {
  let items: Set<String>

  /// - Throws: a usage failure where the run does not say what it was trained on, `CommandFailure` where that has changed.
  init(of arguments: ParsedArguments, _ file: ModelFile<Float>) throws {
    let model = arguments[CommonOptions.model]
    let corpus = try TextInput(namesOfCorpus(arguments, "--new needs it"), of: arguments).corpus(
      file.vocabulary, unknown: .skip)
    guard corpus.contentHash == file.history?.corpusHash else {
      throw CommandFailure(
        "\(model): its corpus has changed since the training, so that --new cannot know it", code: .badData)
    }
    items = Set(try file.trainingDocuments(of: corpus))
  }
}

/// Writes items, one a line.
struct ItemWriter {
  private let count: Int
  private let seed: UInt64
  private let known: KnownItems?
  private let generate: (_ count: Int, _ seed: UInt64, _ emit: (Int, String) throws -> Void) throws -> Void

  /// - Parameter known: items to leave out; nil leaves out none, and writes those that are drawn twice twice.
  init(
    count: Int, seed: UInt64, known: KnownItems?,
    generate: @escaping (_ count: Int, _ seed: UInt64, _ emit: (Int, String) throws -> Void) throws -> Void
  ) {
    (self.count, self.seed, self.known, self.generate) = (count, seed, known, generate)
  }

  func write() throws {
    var (seen, written, drawn) = (known?.items ?? [], 0, 0)
    while written < count && drawn < Self.mostDraws * count {
      let round = known == nil ? count : Self.round
      for item in try items(round, seed: seed &+ UInt64(drawn)) where written < count {
        if known != nil, item.isEmpty || !seen.insert(item).inserted { continue }
        var output = GeneratedText(.standardOutput)
        try output.write(item)
        try output.finish()
        try output.write("\n")
        written += 1
      }
      drawn += round
    }
    if written < count {
      notice("of \(counted(drawn, "item")) drawn, \(written) are new; a higher --temperature, or no --top-k, is bolder")
    }
  }

  private func items(_ count: Int, seed: UInt64) throws -> [String] {
    var items = [String](repeating: "", count: count)
    try generate(count, seed) { items[$0] += $1 }
    return items
  }

  /// Items that are drawn at once.
  private static let round = 64
  /// Draws for each item that is asked for.
  private static let mostDraws = 100
}
