import LanguageModels
import TensorCheckpoints

/// A character model in one Python package: its tensors, and the lines of Python that are the package's own.
protocol PackageProgram {
  /// - Throws: `PackageExportError` where the package has no counterpart for something.
  init(_ model: ExportedModel) throws(PackageExportError)
  /// Name of the package for a reader.
  static var name: String { get }
  /// Packages to install beside those that every program needs.
  static var requirements: String { get }
  /// Lines that import the package.
  static var imports: String { get }
  /// Whether parameters are in an HDF5 file, which the package opens itself.
  static var usesHDF5: Bool { get }
  /// Parameters by the names that the package's modules give them.
  var tensors: [String: StoredTensor] { get }
  /// Python that makes `run(tokens, state)` of `weights`.
  var model: String { get }
}

extension PackageProgram {
  static var usesHDF5: Bool { false }

  /// The whole program.
  func text(of model: ExportedModel) -> String {
    let shape = model.shape
    let reads = !Self.usesHDF5 || shape.learnsInitialState
    return """
      \"\"\"A character model in \(Self.name): \(shape.cell.rawValue), \(shape.layers) × \(shape.hidden), made by charrnn.

          pip install numpy\(reads ? " safetensors" : "") \(Self.requirements)
          python model.py sample --length 500 --temperature 0.8 --prime "Once" --seed 1
          python model.py evaluate TEXT     # mean loss in nats a token, of the whole file
      \"\"\"
      import argparse
      import json
      import pathlib
      import sys

      import numpy\(reads ? "\nfrom safetensors.numpy import load_file" : "")
      \(Self.imports)

      folder = pathlib.Path(__file__).resolve().parent
      settings = json.loads((folder / "model.json").read_text(encoding="utf-8"))\(reads ? "\nweights = load_file(folder / \"weights.safetensors\")" : "")
      symbols = [bytes([s]) if settings["tokens"] == "byte" else s.encode() for s in settings["vocabulary"]]
      VOCABULARY, LAYERS, HIDDEN = len(symbols), settings["layers"], settings["hidden"]
      \(Self.widths(of: shape))
      # State before the first token, each part [layers, width].
      initial_state = \(Self.initialState(of: model))


      \(self.model)


      def encode(text):
          \"\"\"Positions in the vocabulary of the symbols of a text in bytes, the longest symbol first.\"\"\"
          positions = {symbol: position for position, symbol in enumerate(symbols)}
          longest = max(map(len, symbols))
          tokens, start = [], 0
          while start < len(text):
              found = (text[start:start + size] for size in range(longest, 0, -1))
              symbol = next((symbol for symbol in found if symbol in positions), None)
              if symbol is None:
                  raise ValueError(f"the model has no symbol for {text[start:start + 8]} at byte {start}")
              tokens.append(positions[symbol])
              start += len(symbol)
          return tokens


      def log_softmax(scores):
          scores = scores.astype("float64") - scores.max(-1, keepdims=True)
          return scores - numpy.log(numpy.exp(scores).sum(-1, keepdims=True))


      \(model.documents.functions)


      def evaluate(text):
          \"\"\"Mean loss in nats of the tokens after the first of each stretch.\"\"\"
          tokens, total, count = encode(text), 0.0, 0
      \(model.documents.completion)    for document in documents(tokens):
              state, predicted = initial_state, document[1:]
              for start in range(0, len(predicted), 512):  # in parts, so that a text of any length fits in memory
                  targets = predicted[start:start + 512]
                  # Zeros up to a power of two, so that few lengths have to be compiled.
                  padding = [0] * ((1 << (len(targets) - 1).bit_length()) - len(targets))
                  scores, state = run(document[start:start + len(targets)] + padding, state)
                  total -= log_softmax(scores)[range(len(targets)), targets].sum()
              count += len(predicted)
          if count == 0:
              raise ValueError("a text of fewer than two tokens has nothing to predict")
          return total / count


      def sample(length, temperature, prime, seed):
          \"\"\"Symbols, one by one, of a text that follows the prime; without one it begins as if after a line end.\"\"\"
          if not temperature > 0:
              raise ValueError("the temperature must be above 0")
          random, state = numpy.random.default_rng(seed), initial_state
          document = documents(encode(prime))[-1]\(model.documents.start)
          tokens = document
          for _ in range(length):
              scores, state = run(tokens, state)
              tokens = [int(random.choice(VOCABULARY, p=numpy.exp(log_softmax(scores[-1] / temperature))))]
              yield symbols[tokens[0]]
      \(model.documents.restart)

      if __name__ == "__main__":
          parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
          commands = parser.add_subparsers(dest="command", required=True)
          writing = commands.add_parser("sample", help="write text")
          writing.add_argument("--length", type=int, default=500, help="symbols to write (500)")
          writing.add_argument("--temperature", type=float, default=0.8, help="lower: likelier text (0.8)")
          writing.add_argument("--prime", default="", help="beginning of the text")
          writing.add_argument("--seed", type=int, help="the same number gives the same text")
          commands.add_parser("evaluate", help="print the mean loss").add_argument("text", type=pathlib.Path)
          arguments = parser.parse_args()
          try:
              if arguments.command == "evaluate":
                  print(evaluate(arguments.text.read_bytes()))
              else:
                  prime = arguments.prime.encode()
                  text = sample(arguments.length, arguments.temperature, prime, arguments.seed)
                  sys.stdout.buffer.writelines([prime, *text, b"\\n"])
          except (OSError, ValueError) as error:
              sys.exit(f"model.py: {error}")

      """
  }

  private static func widths(of shape: ModelShape) -> String {
    var lines = [shape.embedding > 0 ? "INPUT = settings[\"embedding\"]" : "INPUT = VOCABULARY  # tokens enter one-hot"]
    if shape.projection > 0 { lines.append("OUTPUT = settings[\"projection\"]") }
    return lines.joined(separator: "\n")
  }

  private static func initialState(of model: ExportedModel) -> String {
    let isLSTM = model.cell == .lstm
    if model.shape.learnsInitialState {
      return "[weights.pop(name) for name in [\"initial_h\"\(isLSTM ? ", \"initial_c\"" : "")]]"
    }
    let widths = [model.shape.projection > 0 ? "OUTPUT" : "HIDDEN"] + (isLSTM ? ["HIDDEN"] : [])
    return "[numpy.zeros([LAYERS, width], \"float32\") for width in [\(widths.joined(separator: ", "))]]"
  }
}

/// Lines of Python of which some are left out; nil stands for none.
func pythonLines(_ lines: String?...) -> String { lines.compactMap { $0 }.joined(separator: "\n") }
