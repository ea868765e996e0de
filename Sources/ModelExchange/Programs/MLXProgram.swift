import TensorCheckpoints

/// A character model as an `mlx.nn.Module`.
struct MLXProgram: PackageProgram {
  static let name = "MLX"
  static let requirements = "mlx    # on Linux \"mlx[cpu]\" or \"mlx[cuda]\""
  static let imports = "import mlx.core as mx\nimport mlx.nn as nn"

  let tensors: [String: StoredTensor]
  let model: String

  init(_ model: ExportedModel) throws(PackageExportError) {
    let (shape, isLSTM) = (model.shape, model.cell == .lstm)
    var tensors: [String: StoredTensor]
    do { tensors = try model.recurrent.tensors(in: .mlx) } catch { throw .exchange(error) }
    tensors["encoder.weight"] = model.embedding
    if shape.isTied {
      tensors["decoder_bias"] = model.decoderBias
    } else {
      (tensors["decoder.weight"], tensors["decoder.bias"]) = (model.decoder, model.decoderBias)
    }
    self.tensors = tensors

    let (name, options) =
      switch model.cell {
      case .lstm: ("LSTM", "")
      case .gru, .gruResetBefore: ("GRU", "")
      case .rnn: ("RNN", "")
      case .rnnReLU: ("RNN", ", nonlinearity=nn.relu")
      }
    self.model = pythonLines(
      "class Model(nn.Module):",
      "    def __init__(self):",
      "        super().__init__()",
      shape.embedding > 0 ? "        self.encoder = nn.Embedding(VOCABULARY, INPUT)" : nil,
      "        self.layers = [nn.\(name)(INPUT if layer == 0 else HIDDEN, HIDDEN\(options)) for layer in range(LAYERS)]",
      shape.isTied
        ? "        self.decoder_bias = mx.zeros([VOCABULARY])  # the decoder's weight is the embedding"
        : "        self.decoder = nn.Linear(HIDDEN, VOCABULARY)",
      "",
      "    def __call__(self, tokens, state):",
      "        x = " + (shape.embedding > 0 ? "self.encoder(tokens)" : "mx.eye(VOCABULARY)[tokens]"),
      "        states = []",
      "        for number, layer in enumerate(self.layers):",
      isLSTM
        ? "            h, c = layer(x, hidden=state[0][number], cell=state[1][number])  # after every token"
        : "            h = layer(x, hidden=state[0][number])  # after every token",
      "            states.append([h[-1]\(isLSTM ? ", c[-1]" : "")])",
      "            x = \(shape.residual ? "x + h if number > 0 else h" : "h")",
      "        scores = " + (shape.isTied ? "self.encoder.as_linear(x) + self.decoder_bias" : "self.decoder(x)"),
      """
              return scores, [mx.stack(parts) for parts in zip(*states)]


      model = Model()
      model.load_weights([(name, mx.array(array)) for name, array in weights.items()])


      def run(tokens, state):
          \"\"\"Scores for the symbol after each token, [time, vocabulary], and the state after the last.\"\"\"
          scores, state = model(mx.array(tokens), [mx.array(part) for part in state])
          return numpy.array(scores), [numpy.array(part) for part in state]
      """)
  }
}
