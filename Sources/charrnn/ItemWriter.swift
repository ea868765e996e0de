import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Items of the corpus that a model was trained on.
struct KnownItems {
  let items: Set<String>

  /// - Throws: a usage failure where the run does not say what it was trained on, `CommandFailure` where that has changed.
  init(of arguments: ParsedArguments, _ file: ModelFile<Float>) throws {
    let corpus = try TextInput.unchangedTrainingText(of: file, arguments, for: "--new")
    items = Set(try file.trainingDocuments(of: corpus))
  }
}

/// Draws items, until there are as many as asked for.
struct ItemWriter {
  private let count: Int
  private let seed: UInt64
  private let known: KnownItems?
  private let generate: (_ count: Int, _ seed: UInt64) throws -> [SampledText]

  /// - Parameter known: items to leave out; nil leaves out none, and writes those that are drawn twice twice.
  init(
    count: Int, seed: UInt64, known: KnownItems?,
    generate: @escaping (_ count: Int, _ seed: UInt64) throws -> [SampledText]
  ) {
    (self.count, self.seed, self.known, self.generate) = (count, seed, known, generate)
  }

  /// Hands out the items as they are drawn.
  func write(_ emit: (SampledText) throws -> Void) throws {
    var (seen, written, drawn) = (known?.items ?? [], 0, 0)
    while written < count && drawn < Self.mostDraws * count {
      let round = known == nil ? count : Self.round
      for item in try generate(round, seed &+ UInt64(drawn)) where written < count {
        if known != nil, item.bytes.isEmpty || !seen.insert(item.text).inserted { continue }
        try emit(item)
        written += 1
      }
      drawn += round
    }
    if written < count {
      notice("of \(counted(drawn, "item")) drawn, \(written) are new; a higher --temperature, or no --top-k, is bolder")
    }
  }

  /// Items that are drawn at once.
  private static let round = 64
  /// Draws for each item that is asked for.
  private static let mostDraws = 100
}
