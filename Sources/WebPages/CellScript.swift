/// JavaScript of the recurrent cells at inference, in the equations of `RecurrentLayers`.
enum CellScript {
  /// `cells` has for each name of a cell the number of its gates, the components of its state and its step, for
  /// `makeLayer` of `NetworkScript`.
  static let text = #"""
    const hidden = ["hidden"], hiddenAndCell = ["hidden", "cell"];
    const cells = {
      "lstm": {gates: 4, state: hiddenAndCell, step: layer => layer.norm("layernorm_c") ? normalizedLSTM(layer) : lstm(layer)},
      "gru": {gates: 3, state: hidden, step: gru},
      "rnn": {gates: 1, state: hidden, step: layer => elman(layer, Math.tanh)},
      "rnn-relu": {gates: 1, state: hidden, step: layer => elman(layer, relu)},
      "gru-reset-before": {gates: 3, state: hidden, step: gruResetBefore},
      "peephole-lstm": {gates: 4, state: hiddenAndCell, step: peepholeLSTM},
      "coupled-lstm": {gates: 3, state: hiddenAndCell, step: coupledLSTM},
      "min-gru": {gates: 2, state: hidden, step: minGRU},
      "min-lstm": {gates: 3, state: hidden, step: minLSTM},
      "mgu": {gates: 2, state: hidden, step: mgu},
      "indrnn": {gates: 1, state: hidden, step: indRNN},
      "slstm": {gates: 4, state: ["hidden", "cell", "normalizer", "stabilizer"], step: slstm},
    };

    function elman({units, sums: a, state: [h], addRecurrent}, activation) {
      return () => {
        addRecurrent(a, h);
        for (let k = 0; k < units; k++) h[k] = activation(a[k]);
      };
    }
    // Gates i, f, g, o.
    function lstm({units, sums: a, state: [h, c], addRecurrent, values}) {
      const projection = values("weight_hr"), output = projection ? new Float64Array(units) : h;
      return () => {
        addRecurrent(a, h);
        for (let k = 0; k < units; k++) {
          c[k] = sigmoid(a[units + k]) * c[k] + sigmoid(a[k]) * Math.tanh(a[2 * units + k]);
          output[k] = sigmoid(a[3 * units + k]) * Math.tanh(c[k]);
        }
        if (!projection) return;
        h.fill(0);
        addProduct(h, projection, output);
      };
    }
    function normalizedLSTM({units, sums: a, recurrent, state: [h, c], addRecurrent, norm}) {
      const ofInput = norm("layernorm_i"), ofHidden = norm("layernorm_h"), ofCell = norm("layernorm_c");
      const seen = new Float64Array(units);
      return () => {
        recurrent.fill(0);
        addRecurrent(recurrent, h);
        normalize(recurrent, ofHidden);
        normalize(a, ofInput);
        addVector(a, recurrent);
        for (let k = 0; k < units; k++)
          c[k] = sigmoid(a[units + k]) * c[k] + sigmoid(a[k]) * Math.tanh(a[2 * units + k]);
        seen.set(c);
        normalize(seen, ofCell);
        for (let k = 0; k < units; k++) h[k] = sigmoid(a[3 * units + k]) * Math.tanh(seen[k]);
      };
    }
    // Gates i, f, g, o, of which o sees the new c.
    function peepholeLSTM({units, sums: a, state: [h, c], addRecurrent, values}) {
      const [ofInput, ofForget, ofOutput] = ["weight_ci", "weight_cf", "weight_co"].map(values);
      return () => {
        addRecurrent(a, h);
        for (let k = 0; k < units; k++) {
          const i = sigmoid(a[k] + ofInput[k] * c[k]), f = sigmoid(a[units + k] + ofForget[k] * c[k]);
          c[k] = f * c[k] + i * Math.tanh(a[2 * units + k]);
          h[k] = sigmoid(a[3 * units + k] + ofOutput[k] * c[k]) * Math.tanh(c[k]);
        }
      };
    }
    // Gates f, g, o.
    function coupledLSTM({units, sums: a, state: [h, c], addRecurrent}) {
      return () => {
        addRecurrent(a, h);
        for (let k = 0; k < units; k++) {
          const g = Math.tanh(a[units + k]);
          c[k] = g + sigmoid(a[k]) * (c[k] - g);
          h[k] = sigmoid(a[2 * units + k]) * Math.tanh(c[k]);
        }
      };
    }
    // Gates r, z, n.
    function gru({units, sums: a, recurrent, state: [h], addRecurrent, norm}) {
      const norms = ["layernorm_i", "layernorm_h", "layernorm_in", "layernorm_hn"].map(norm);
      return () => {
        recurrent.fill(0);
        addRecurrent(recurrent, h);
        if (norms[0]) {
          normalize(a, norms[0], 0, 2 * units);
          normalize(recurrent, norms[1], 0, 2 * units);
          normalize(a, norms[2], 2 * units);
          normalize(recurrent, norms[3], 2 * units);
        }
        for (let k = 0; k < units; k++) {
          const r = sigmoid(a[k] + recurrent[k]), z = sigmoid(a[units + k] + recurrent[units + k]);
          const n = Math.tanh(a[2 * units + k] + r * recurrent[2 * units + k]);
          h[k] = n + z * (h[k] - n);
        }
      };
    }
    // Gates r, z, n.
    function gruResetBefore({units, sums: a, state: [h], addRecurrent}) {
      const resetHidden = new Float64Array(units);
      return () => {
        addRecurrent(a, h, 0, 2 * units);
        for (let k = 0; k < units; k++) resetHidden[k] = sigmoid(a[k]) * h[k];
        addRecurrent(a, resetHidden, 2 * units);
        for (let k = 0; k < units; k++) {
          const n = Math.tanh(a[2 * units + k]);
          h[k] = n + sigmoid(a[units + k]) * (h[k] - n);
        }
      };
    }
    // Gates f, n.
    function mgu({units, sums: a, state: [h], addRecurrent}) {
      const kept = new Float64Array(units);
      return () => {
        addRecurrent(a, h, 0, units);
        for (let k = 0; k < units; k++) kept[k] = sigmoid(a[k]) * h[k];
        addRecurrent(a, kept, units);
        for (let k = 0; k < units; k++) h[k] += sigmoid(a[k]) * (Math.tanh(a[units + k]) - h[k]);
      };
    }
    // Gates z, n.
    function minGRU({units, sums: a, state: [h]}) {
      return () => { for (let k = 0; k < units; k++) h[k] += sigmoid(a[k]) * (a[units + k] - h[k]); };
    }
    // Gates i, f, g.
    function minLSTM({units, sums: a, state: [h]}) {
      return () => {
        for (let k = 0; k < units; k++) {
          // f / (i + f) as sigmoid(ln f - ln i), without a quotient of two small numbers.
          const kept = sigmoid(softplus(-a[k]) - softplus(-a[units + k]));
          h[k] = kept * h[k] + (1 - kept) * a[2 * units + k];
        }
      };
    }
    function indRNN({units, sums: a, state: [h], values}) {
      const own = values("weight_hh");
      return () => { for (let k = 0; k < units; k++) h[k] = relu(a[k] + own[k] * h[k]); };
    }
    // Gates i, f, z, o. Each head multiplies its own units of h.
    function slstm({units, sums: a, state: [h, c, n, m], values}) {
      const weight = values("weight_hh"), bias = values("bias_hh"), ofHead = weight.length / (4 * units);
      return () => {
        for (let row = 0; row < 4 * units; row += ofHead) addProduct(a, weight, h, row, row + ofHead, row % units, ofHead);
        if (bias) addVector(a, bias);
        for (let k = 0; k < units; k++) {
          const i = a[k], kept = m[k] - softplus(-a[units + k]);
          // A normalizer of 0 marks a state that has read nothing.
          const stabilizer = n[k] > 0 ? Math.max(i, kept) : i;
          const add = Math.exp(i - stabilizer), keep = Math.exp(Math.min(kept - stabilizer, 0));
          c[k] = keep * c[k] + add * Math.tanh(a[2 * units + k]);
          n[k] = keep * n[k] + add;
          m[k] = stabilizer;
          h[k] = sigmoid(a[3 * units + k]) * (c[k] / n[k]);
        }
      };
    }
    """#
}
