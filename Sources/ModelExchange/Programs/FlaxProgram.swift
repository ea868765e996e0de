import TensorCheckpoints

/// A character model as a `flax.nnx.Module`.
struct FlaxProgram: PackageProgram {
  static let name = "flax"
  static let requirements = "flax"
  static let imports = "import jax\nimport jax.numpy as jnp\nfrom flax import nnx"

  let tensors: [String: StoredTensor]
  let model: String

  init(_ model: ExportedModel) throws(PackageExportError) {
    let (shape, isLSTM) = (model.shape, model.cell == .lstm)
    // The cell of nnx has no bias inside the product of the new state.
    let biases = model.cell == .gru ? model.recurrent.layers.map { $0.forward.gruBiases! } : []
    let hasOwnCell = biases.contains { !$0.inner.isZero }
    var layers = model.recurrent.layers
    for number in hasOwnCell ? layers.indices : 0..<0 {
      (layers[number].forward.inputBias, layers[number].forward.recurrentBias) = (biases[number].outer, nil)
    }
    var tensors: [String: StoredTensor]
    do { tensors = try model.recurrent.replacing(layers: layers).tensors(in: .flax) } catch { throw .exchange(error) }
    if hasOwnCell {
      for (number, bias) in biases.enumerated() {
        tensors["layers.\(number).cell.dense_h.bias"] = bias.inner.behindZeros(2 * shape.hidden)
      }
    }
    tensors["encoder.embedding"] = model.embedding
    if shape.isTied {
      tensors["decoder_bias"] = model.decoderBias
    } else {
      (tensors["decoder.kernel"], tensors["decoder.bias"]) = (model.decoder.transposed(), model.decoderBias)
    }
    self.tensors = tensors

    let (name, options) =
      switch model.cell {
      case .lstm: ("nnx.OptimizedLSTMCell", "")
      case .gru, .gruResetBefore: (hasOwnCell ? "GRUCell" : "nnx.GRUCell", "")
      case .rnn: ("nnx.SimpleCell", "")
      case .rnnReLU: ("nnx.SimpleCell", ", activation_fn=nnx.relu")
      }
    let output = shape.residual ? "y" : "x"
    self.model = pythonLines(
      hasOwnCell ? Self.biasedCell : nil,
      "class Model(nnx.Module):",
      "    def __init__(self, rngs):",
      shape.embedding > 0 ? "        self.encoder = nnx.Embed(VOCABULARY, INPUT, rngs=rngs)" : nil,
      "        self.layers = nnx.List(",
      "            nnx.RNN(\(name)(INPUT if layer == 0 else HIDDEN, HIDDEN\(options), rngs=rngs), rngs=rngs)",
      "            for layer in range(LAYERS))",
      shape.isTied
        ? "        self.decoder_bias = nnx.Param(jnp.zeros([VOCABULARY]))  # the decoder's weight is the embedding"
        : "        self.decoder = nnx.Linear(HIDDEN, VOCABULARY, rngs=rngs)",
      "",
      "    def __call__(self, tokens, state):",
      "        x = " + (shape.embedding > 0 ? "self.encoder(tokens)" : "jax.nn.one_hot(tokens, VOCABULARY)"),
      "        states = []",
      "        for number, layer in enumerate(self.layers):",
      isLSTM
        ? """
                    carry = (state[1][number], state[0][number])  # c, then h
                    (c, h), \(output) = layer(x, initial_carry=carry, return_carry=True)
        """ : "            h, \(output) = layer(x, initial_carry=state[0][number], return_carry=True)",
      "            states.append([h\(isLSTM ? ", c" : "")])",
      shape.residual ? "            x = x + y if number > 0 else y" : nil,
      "        scores = " + (shape.isTied ? "self.encoder.attend(x) + self.decoder_bias" : "self.decoder(x)"),
      """
              return scores, [jnp.stack(parts) for parts in zip(*states)]


      model = Model(nnx.Rngs(0))
      parameters = nnx.to_flat_state(nnx.state(model, nnx.Param))
      nnx.update(model, nnx.from_flat_state(
          [(path, parameter.replace(jnp.array(weights[".".join(map(str, path))]))) for path, parameter in parameters]))
      compiled = nnx.jit(lambda model, tokens, state: model(tokens, state))


      def run(tokens, state):
          \"\"\"Scores for the symbol after each token, [time, vocabulary], and the state after the last.\"\"\"
          scores, state = compiled(model, jnp.array(tokens), state)
          return numpy.array(scores), [numpy.array(part) for part in state]
      """)
  }

  private static let biasedCell = """
    class GRUCell(nnx.GRUCell):
        \"\"\"The cell of nnx with a bias b_hn inside the product, which nnx leaves out and this model was trained with.\"\"\"

        def __init__(self, inputs, hidden, *, rngs):
            super().__init__(inputs, hidden, rngs=rngs)
            self.dense_h = nnx.Linear(hidden, 3 * hidden, rngs=rngs)  # its bias: zeros for r and z, then b_hn


    """
}
