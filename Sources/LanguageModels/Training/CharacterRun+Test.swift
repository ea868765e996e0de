import ModelTraining
import TensorCheckpoints
import TensorCore

extension CharacterRun {
  /// Adds the loss on the test part to the metrics of a run that has ended, with those of models that count, if they are known. Where another
  /// process has gone on with the run, nothing is added.
  ///
  /// - Parameter step: step of the model that was evaluated.
  /// - Throws: `FileError`, of the kind `busy` while another process has the directory.
  package func record(test evaluation: PartEvaluation, _ baselines: Baselines?, of step: Int) throws {
    guard let directory, metrics != nil, evaluation.loss.isFinite else { return }
    let line = TestLine(
      step: step, testLoss: evaluation.loss, testBits: evaluation.bitsPerCharacter(evaluation.loss),
      baselines: baselines)
    try DirectoryLock(directory.path, using: directory.files).whileHeld {
      if metrics?.isWholeFile == true { try metrics?.append(canonicalJSON(line)) }
    }
  }
}

private struct TestLine: Encodable {
  let event = "test"
  let step: Int
  let testLoss: Double
  let testBits: Double?
  let baselines: Baselines?

  enum CodingKeys: String, CodingKey {
    case event, step, baselines
    case testLoss = "test_loss"
    case testBits = "test_bits_per_character"
  }
}
