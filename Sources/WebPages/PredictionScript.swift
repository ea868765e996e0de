/// JavaScript that cuts a text into the tokens of a model, and reads them with its network.
enum PredictionScript {
  /// `cutText(spec, text)` gives pieces, each with its `text` and its `tokens`: one, or in a model of bytes those of a Unicode
  /// scalar; none where the model does not know it. `makePredictor(spec)` gives an object with
  /// - `network`, whose logits are for the token after the last one that was read;
  /// - `restart(lead)`: to the beginning of a text, which begins after a token `lead` (null for none, where the first token is
  ///   not predicted);
  /// - `surprise(tokens)`: reads the tokens of a piece, and returns its `bits` and the `likeliest` in the place of its first;
  ///   null where nothing predicts it;
  /// - `expected()`: the likeliest next tokens and their probabilities;
  /// - `state()` and `restore(state)`.
  static let text = #"""
    // Symbols are compared by code units, which are equal where the bytes in UTF-8 are.
    function makeCutter(spec) {
      const ids = new Map(spec.symbols.map((symbol, id) => [symbol, id]));
      const tokens = symbols => symbols.filter(symbol => ids.has(symbol)).map(symbol => ids.get(symbol));
      // A text area has line feeds alone. A model of other line ends reads its own in their place.
      const known = symbol => symbol === "\n" && !ids.has(symbol) && spec.lineEnd !== null ? spec.symbols[spec.lineEnd] : symbol;
      const encoder = new TextEncoder();
      return text => {
        if (spec.kind === "byte") return Array.from(text, scalar => ({text: scalar, tokens: tokens([...encoder.encode(scalar)])}));
        const symbols = spec.kind === "scalar"
          ? Array.from(text) : Array.from(new Intl.Segmenter("en", {granularity: "grapheme"}).segment(text), part => part.segment);
        return symbols.map(symbol => ({text: symbol, tokens: tokens([known(symbol)])}));
      };
    }

    // Number of alternatives that are kept of each place.
    const alternatives = 8;

    function makePredictor(spec) {
      const network = makeNetwork(spec), logits = network.logits;
      // Tokens since the last end of a document, as many as an end has.
      let recent = [], isPredicting = false;
      function logSum() {
        let largest = -Infinity, sum = 0;
        for (let k = 0; k < logits.length; k++) largest = Math.max(largest, logits[k]);
        for (let k = 0; k < logits.length; k++) sum += Math.exp(logits[k] - largest);
        return largest + Math.log(sum);
      }
      function expected() {
        const all = logSum();
        return likeliest(alternatives, logits).map(token => ({token: token, probability: Math.exp(logits[token] - all)}));
      }
      function read(token) {
        if (spec.documentEnd) {
          recent = [...recent, token].slice(-spec.documentEnd.length);
          // The next document begins after the last token of the end, from the initial state.
          if (recent.length === spec.documentEnd.length && recent.every((token, k) => token === spec.documentEnd[k])) {
            network.reset();
            recent = [];
          }
        }
        network.read(token);
        isPredicting = true;
      }
      return {
        network: network, read: read, expected: expected,
        restart(lead) {
          network.reset();
          recent = [];
          isPredicting = lead !== null;
          if (isPredicting) network.read(lead);
        },
        surprise(tokens) {
          let found = null;
          for (const token of tokens) {
            if (isPredicting) {
              found = found || {bits: 0, likeliest: expected()};
              found.bits += (logSum() - logits[token]) / Math.LN2;
            }
            read(token);
          }
          return found;
        },
        state: () => ({network: network.state(), recent: recent, isPredicting: isPredicting}),
        restore(state) {
          network.restore(state.network);
          ({recent, isPredicting} = state);
        },
      };
    }
    """#
}
