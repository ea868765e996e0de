import Autograd
import SequenceText
import TensorCheckpoints
import TensorCore

extension TextGenerator<Float> {
  /// A generator whose model has first read a text and adapted to it, as in evaluation: by dynamic evaluation the network has
  /// learned from it, and n-gram models have counted it after the training part. How much these are worth is found on the
  /// validation part first. While it writes, nothing more is learned.
  ///
  /// - Parameters:
  ///   - text: text to adapt to, in the symbols of the model; nil for none.
  ///   - training: text that the model was trained on.
  ///   - weights: how weights are held afterwards.
  ///   - threads: they change the speed alone.
  /// - Throws: `AdaptationError` where `training` is another text; `CorpusError`.
  public init(
    of file: ModelFile<Float>, adapting adaptation: Adaptation, to text: Corpus?, trainedOn training: Corpus,
    weights: WeightFormat = .float32, threads: Int = 1
  ) throws {
    guard let seen = file.trainingPart(of: training) else { throw AdaptationError.noTrainingText }
    let workspace = Workspace<Float>(threads: threads)
    var mixture =
      adaptation.mixesNGrams ? NGramMixture(symbols: file.vocabulary.count, training: seen.tokens) : nil
    // The validation part may be none, or too short to predict anything in it.
    let own = try file.history.arranged(training, isWhole: false)
    if mixture != nil, let range = try? own.reading(.validation) {
      var reader = AdaptiveReader(file.model, rule: nil, training: seen, mixture: mixture, workspace: workspace)
      _ = reader.read(TextStream(own, in: range.prefix(Self.mostToWeigh)))
      mixture = reader.mixture
    }
    var model = file.model
    if let text {
      let arranged = try file.history.arranged(text, isWhole: true)
      // N-gram models would learn from a text that they have counted that they are always right.
      let isCounted = file.history?.isOf(text) == true
      var reader = AdaptiveReader(
        model, rule: adaptation.dynamic, training: seen, mixture: isCounted ? nil : mixture, workspace: workspace)
      _ = reader.read(TextStream(arranged, in: try arranged.reading(.all)))
      model = reader.model
      if !isCounted { mixture = reader.mixture }
    }
    mixture?.forgetContext()
    self.init(model, file.vocabulary, file.arrangement, mixture: mixture, weights: weights, threads: threads)
  }

  /// Tokens of a validation part that tell how much the n-gram models are worth beside the network.
  private static var mostToWeigh: Int { 20_000 }
}
