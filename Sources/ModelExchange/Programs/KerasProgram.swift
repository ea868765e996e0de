import TensorCheckpoints

/// A character model as a functional `keras.Model`.
struct KerasProgram: PackageProgram {
  static let name = "Keras"
  static let requirements = "keras jax    # or torch in place of jax: set KERAS_BACKEND=torch"
  // Keras's own default is TensorFlow, which nothing here needs.
  static let imports = """
    import os

    os.environ.setdefault("KERAS_BACKEND", "jax")  # before the import, which reads it
    import keras
    """
  static let usesHDF5 = true

  let tensors: [String: StoredTensor]
  let model: String

  init(_ model: ExportedModel) throws(PackageExportError) {
    let shape = model.shape
    var tensors: [String: StoredTensor]
    do { tensors = try model.recurrent.tensors(in: .keras) } catch { throw .exchange(error) }
    if shape.isTied {
      tensors["layers/reversible_embedding/vars/0"] = model.embedding
      tensors["layers/bias/vars/0"] = model.decoderBias
    } else {
      tensors["layers/embedding/vars/0"] = model.embedding
      tensors["layers/dense/vars/0"] = model.decoder.transposed()
      tensors["layers/dense/vars/1"] = model.decoderBias
    }
    self.tensors = tensors

    let (name, options) =
      switch model.cell {
      case .lstm: ("LSTM", "")
      case .gru: ("GRU", "")
      case .gruResetBefore: ("GRU", ", reset_after=False")
      case .rnn: ("SimpleRNN", "")
      case .rnnReLU: ("SimpleRNN", ", activation=\"relu\"")
      }
    let embedding = shape.isTied ? "ReversibleEmbedding" : "Embedding"
    self.model = pythonLines(
      shape.isTied ? Self.bias : nil,
      "tokens = keras.Input([None], dtype=\"int32\")",
      "state = [keras.Input([LAYERS, HIDDEN]) for _ in initial_state]",
      shape.embedding > 0
        ? """
        encoder = keras.layers.\(embedding)(VOCABULARY, INPUT)
        x = encoder(tokens)
        """ : "x = keras.ops.one_hot(tokens, VOCABULARY)",
      "states = []",
      "for number in range(LAYERS):",
      "    layer = keras.layers.\(name)(HIDDEN\(options), return_sequences=True, return_state=True)",
      "    \(shape.residual ? "y" : "x"), *after = layer(x, initial_state=[part[:, number] for part in state])",
      shape.residual ? "    x = x + y if number > 0 else y" : nil,
      "    states.append(after)",
      "scores = " + (shape.isTied ? "Bias()(encoder(x, reverse=True))" : "keras.layers.Dense(VOCABULARY)(x)"),
      """
      model = keras.Model([tokens, *state], [scores, *(keras.ops.stack(parts, axis=1) for parts in zip(*states))])
      model.load_weights(folder / "model.weights.h5")


      def run(tokens, state):
          \"\"\"Scores for the symbol after each token, [time, vocabulary], and the state after the last.\"\"\"
          given = [numpy.array([tokens], "int32"), *(part[None] for part in state)]
          scores, *state = model.predict_on_batch(given)
          return scores[0], [part[0] for part in state]
      """)
  }

  private static let bias = """
    class Bias(keras.layers.Layer):
        \"\"\"The bias of a decoder whose weight is the embedding.\"\"\"

        def build(self, shape):
            self.bias = self.add_weight(shape=shape[-1:], initializer="zeros", name="bias")

        def call(self, scores):
            return scores + self.bias


    """
}
