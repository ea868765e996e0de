import ForeignFiles
import LanguageModels
import TensorCheckpoints
import TensorCore

extension ONNXModel {
  /// A character model as a graph of standard operators (operator set 17, format version 8).
  ///
  /// Inputs and outputs, where "time" and "batch" may have any size:
  /// - `tokens`, int64 [time, batch]: positions of symbols in the vocabulary.
  /// - `h0`, and of an LSTM `c0`, float [layers, batch, hidden]: the state before the first token. Where it is left out it is
  ///   the initial one, zeros or learned; a batch of 1 is repeated for every sequence.
  /// - `logits`, float [time, batch, vocabulary]: scores for the token after each.
  /// - `hn`, and of an LSTM `cn`, [layers, batch, hidden]: the state after the last token.
  ///
  /// The metadata are those of the model's checkpoint: `architecture`, `tokens`, `vocabulary`, and `history` where it is known;
  /// beside them `weights`, `int8`, where they are held so.
  ///
  /// - Throws: `ONNXExportError` where ONNX has no operator for the cell.
  public init(_ file: ModelFile<Float>, weights: ONNXWeightFormat = .float32) throws(ONNXExportError) {
    let checkpoint = file.checkpoint
    var metadata = checkpoint.metadata
    if weights != .float32 { metadata["weights"] = weights.rawValue }
    var builder = try CharacterGraph(file.model.shape, weights: checkpoint.tensors, format: weights)
    self.init(
      formatVersion: 8, operatorSets: ["": 17], producerName: "charrnn", metadata: metadata, graph: builder.graph())
  }
}
