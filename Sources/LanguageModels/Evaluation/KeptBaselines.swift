import Foundation
import ModelTraining
import SequenceText
import TensorCheckpoints
import TensorCore

/// Losses of models that count, kept in a run directory so that they are computed once.
///
/// They are found by a hash of the tokens that they were computed from. A file that cannot be read keeps none.
public struct KeptBaselines: Sendable {
  private let directory: RunDirectory
  /// Losses by the hash of what they were computed from.
  private var losses: [String: Baselines]

  public init(in directory: RunDirectory) {
    self.directory = directory
    let bytes = (try? directory.contents(of: directory.baselines)) ?? nil
    let kept = bytes.flatMap { try? JSONDecoder().decode([String: Baselines].self, from: Data($0)) } ?? [:]
    losses = kept.values.allSatisfy(\.arePossible) ? kept : [:]
  }

  /// The losses where only those on one text are kept, which are those on the run's test part.
  package var only: Baselines? { losses.count == 1 ? losses.values.first : nil }

  /// Losses on what a model was evaluated on: those that are kept, or computed now.
  public func baselines(of evaluation: PartEvaluation) -> Baselines {
    losses[evaluation.baselineKey] ?? evaluation.baselines()
  }

  /// Keeps losses on what a model was evaluated on, in the directory's `baselines.json`.
  public mutating func keep(_ baselines: Baselines, of evaluation: PartEvaluation) throws(FileError) {
    losses[evaluation.baselineKey] = baselines
    try AtomicFile.write([Array((canonicalJSON(losses) + "\n").utf8)], to: directory.baselines, using: directory.files)
  }
}
