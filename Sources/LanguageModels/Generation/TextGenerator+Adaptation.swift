import Autograd
import SequenceText
import TensorCheckpoints
import TensorCore

extension TextGenerator<Float> {
  /// A generator whose model has first read a text and adapted to it, as in evaluation: by dynamic evaluation the network has
  /// learned from it, and n-gram models have counted it after the training part, and found how much they are worth. While
  /// it writes, nothing more is learned.
  ///
  /// - Parameters:
  ///   - text: text to adapt to, in the symbols of the model; nil for the validation part of the training text.
  ///   - training: text that the model was trained on.
  ///   - weights: how weights are held afterwards.
  ///   - threads: they change the speed alone.
  /// - Throws: `AdaptationError` where `training` is another text; `CorpusError`.
  public init(
    of file: ModelFile<Float>, adapting adaptation: Adaptation, to text: Corpus?, trainedOn training: Corpus,
    weights: WeightFormat = .float32, threads: Int = 1
  ) throws {
    guard let seen = file.trainingPart(of: training) else { throw AdaptationError.noTrainingText }
    // What is read is not counted before.
    let counted = text.map { file.history?.isOf($0) == true } == true ? TextStream(TokenSequence()[...]) : seen
    var reader = AdaptiveReader(
      file.model, adaptation, training: seen, counted: counted, workspace: Workspace(threads: threads))
    let arranged = try file.history.arranged(text ?? training, isWhole: text != nil)
    let part = text == nil ? CorpusSplit.Part.validation : .all
    if !arranged.split[part].isEmpty { _ = reader.read(TextStream(arranged, in: try arranged.reading(part))) }
    var mixture = reader.mixture
    mixture?.forgetContext()
    self.init(
      reader.model, file.vocabulary, file.history?.arrangement ?? CorpusArrangement(), mixture: mixture,
      weights: weights, threads: threads)
  }
}
