import TensorCheckpoints

/// A character model as a `torch.nn.Module`.
struct PyTorchProgram: PackageProgram {
  static let name = "PyTorch"
  static let requirements = "torch"
  static let imports = "import torch\nfrom torch import nn"

  let tensors: [String: StoredTensor]
  let model: String

  init(_ model: ExportedModel) throws(PackageExportError) {
    let (shape, isLSTM) = (model.shape, model.cell == .lstm)
    var tensors: [String: StoredTensor] = [:]
    do {
      if shape.residual {
        // A module of several layers adds nothing between them.
        for (number, layer) in model.recurrent.layers.enumerated() {
          let weights = try model.recurrent.replacing(layers: [layer]).tensors(in: .pytorch)
          for (name, tensor) in weights { tensors["layers.\(number).\(name)"] = tensor }
        }
      } else {
        for (name, tensor) in try model.recurrent.tensors(in: .pytorch) { tensors["rnn.\(name)"] = tensor }
      }
    } catch { throw .exchange(error) }
    tensors["encoder.weight"] = model.embedding
    // A state dict has a shared parameter under both names.
    tensors["decoder.weight"] = model.decoder
    tensors["decoder.bias"] = model.decoderBias
    self.tensors = tensors

    let name =
      switch model.cell {
      case .lstm: "LSTM"
      case .gru, .gruResetBefore: "GRU"
      case .rnn, .rnnReLU: "RNN"
      }
    let output = shape.projection > 0 ? "OUTPUT" : "HIDDEN"
    let options =
      (shape.projection > 0 ? ", proj_size=OUTPUT" : "") + (model.cell == .rnnReLU ? ", nonlinearity=\"relu\"" : "")
    // One pair of an LSTM, one tensor of the others.
    let given = isLSTM ? "tuple(" : "*("
    self.model = pythonLines(
      "class Model(nn.Module):",
      "    def __init__(self):",
      "        super().__init__()",
      shape.embedding > 0 ? "        self.encoder = nn.Embedding(VOCABULARY, INPUT)" : nil,
      shape.residual
        ? """
                self.layers = nn.ModuleList(
                    nn.\(name)(INPUT if layer == 0 else \(output), HIDDEN\(options)) for layer in range(LAYERS))
        """ : "        self.rnn = nn.\(name)(INPUT, HIDDEN, LAYERS\(options))",
      "        self.decoder = nn.Linear(\(output), VOCABULARY)",
      shape.isTied ? "        self.decoder.weight = self.encoder.weight" : nil,
      "",
      "    def forward(self, tokens, state):",
      "        x = "
        + (shape.embedding > 0 ? "self.encoder(tokens)" : "nn.functional.one_hot(tokens, VOCABULARY).float()"),
      shape.residual
        ? """
                states = []
                for number, layer in enumerate(self.layers):
                    y, \(isLSTM ? "after" : "*after") = layer(x, \(given)part[number:number + 1] for part in state))
                    x = x + y if number > 0 else y
                    states.append(after)
                return self.decoder(x), [torch.cat(parts) for parts in zip(*states)]
        """
        : """
                x, \(isLSTM ? "state" : "*state") = self.rnn(x, \(isLSTM ? "tuple(state)" : "*state"))
                return self.decoder(x), state
        """,
      """


      model = Model()
      model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
      model.eval()


      @torch.no_grad()
      def run(tokens, state):
          \"\"\"Scores for the symbol after each token, [time, vocabulary], and the state after the last.\"\"\"
          scores, state = model(torch.tensor(tokens), [torch.from_numpy(part) for part in state])
          return scores.numpy(), [part.numpy() for part in state]
      """)
  }
}
