/// JavaScript that runs the network of a character model, one token at a time.
///
/// It says again what `RecurrentLayers` and `CharacterModel` compute at inference; the names of weights are theirs.
enum NetworkScript {
  /// `makeNetwork(spec)`, where `spec` is the data of `ModelPage` with its `weights`, gives an object with
  /// - `logits`: scores of all symbols for the token after the last one that was read;
  /// - `reset()`, `read(token)`: back to the initial state, and on by a token;
  /// - `state()`, `restore(state)`: a copy of the state with its logits, and back to it.
  ///
  /// Weights are single precision, activations double: a browser computes in double anyway.
  static let text = #"""
    function decodeFloats(base64) {
      const text = atob(base64), bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return new Float32Array(bytes.buffer);
    }
    // Tensors by name, each with its values, row after row.
    function readTensors(spec) {
      const numbers = decodeFloats(spec.weights), found = new Map();
      let start = 0;
      for (const {name, shape} of spec.tensors) {
        const end = start + shape.reduce((product, size) => product * size, 1);
        found.set(name, {shape: shape, values: numbers.subarray(start, end)});
        start = end;
      }
      return found;
    }

    // Adds weight x to out, or some rows of it: each row has `width` elements, which multiply those of x from `start` on.
    function addProduct(out, weight, x, first = 0, end = out.length, start = 0, width = x.length) {
      const last = start + width;
      let at = first * width;
      for (let row = first; row < end; row++) {
        // Four sums, because an addition to one would wait for the addition before it.
        let a = 0, b = 0, c = 0, d = 0, j = start;
        for (; j + 3 < last; j += 4, at += 4) {
          a += weight[at] * x[j];
          b += weight[at + 1] * x[j + 1];
          c += weight[at + 2] * x[j + 2];
          d += weight[at + 3] * x[j + 3];
        }
        for (; j < last; j++, at++) a += weight[at] * x[j];
        out[row] += a + b + c + d;
      }
    }
    function addVector(out, x, first = 0, end = out.length) {
      for (let k = first; k < end; k++) out[k] += x[k];
    }
    const sigmoid = x => 1 / (1 + Math.exp(-x));
    const relu = x => Math.max(x, 0);
    const softplus = x => relu(x) + Math.log1p(Math.exp(-Math.abs(x)));

    // Brings elements to mean 0 and variance 1, then multiplies by the gain and adds the bias.
    function normalize(values, norm, first = 0, end = values.length) {
      const count = end - first;
      let mean = 0, variance = 0;
      for (let k = first; k < end; k++) mean += values[k] / count;
      for (let k = first; k < end; k++) variance += (values[k] - mean) ** 2 / count;
      const scale = 1 / Math.sqrt(variance + 1e-5);
      for (let k = first; k < end; k++)
        values[k] = (values[k] - mean) * scale * norm.gain[k - first] + norm.bias[k - first];
    }

    // One recurrent layer. `step(input)` takes a vector, or in the lowest layer a token where there is no embedding, and
    // returns the output. Its cell finds the input's part of the gates in `sums` and replaces the state, of which the
    // output h comes first.
    function makeLayer(spec, tensors, index) {
      const tensor = name => tensors.get("rnn." + name + "_l" + index);
      const values = name => (tensor(name) || {}).values;
      const kind = cells[spec.cell], [rows, width] = tensor("weight_ih").shape;
      const inputWeight = values("weight_ih"), inputBias = values("bias_ih");
      const recurrentWeight = values("weight_hh"), recurrentBias = values("bias_hh");
      const layer = {
        units: rows / kind.gates, sums: new Float64Array(rows), recurrent: new Float64Array(rows), state: [],
        values: values,
        norm: name => tensor(name + ".weight") && {gain: values(name + ".weight"), bias: values(name + ".bias")},
        // Adds W_hh x + b_hh to some rows.
        addRecurrent(out, x, first = 0, end = rows) {
          addProduct(out, recurrentWeight, x, first, end);
          if (recurrentBias) addVector(out, recurrentBias, first, end);
        },
      };
      const projection = tensor("weight_hr"), outputs = projection ? projection.shape[0] : layer.units;
      const initial = kind.state.map(name => values("initial_" + name));
      layer.state = kind.state.map((_, k) => new Float64Array(k === 0 ? outputs : layer.units));
      const run = kind.step(layer), zoneout = spec.zoneout, h = layer.state[0];
      const before = layer.state.map(component => component.slice());
      const isResidual = spec.residual && index > 0 && width === outputs, sum = new Float64Array(outputs);

      // Columns of W_ih with the bias, one after the other: the product with a one-hot vector is one of them.
      const columns = index === 0 && !tensors.has("encoder.weight") ? new Float32Array(rows * width) : null;
      if (columns)
        for (let token = 0; token < width; token++)
          for (let row = 0; row < rows; row++)
            columns[token * rows + row] = inputWeight[row * width + token] + (inputBias ? inputBias[row] : 0);

      return {
        state: layer.state,
        reset() { layer.state.forEach((component, k) => initial[k] ? component.set(initial[k]) : component.fill(0)); },
        step(input) {
          if (columns) {
            layer.sums.set(columns.subarray(input * rows, (input + 1) * rows));
          } else {
            if (inputBias) layer.sums.set(inputBias); else layer.sums.fill(0);
            addProduct(layer.sums, inputWeight, input);
          }
          if (zoneout > 0) layer.state.forEach((component, k) => before[k].set(component));
          run();
          // Training keeps elements by chance, so that here each is a mean of the old value and the new one.
          if (zoneout > 0)
            layer.state.forEach((component, k) => {
              for (let j = 0; j < component.length; j++)
                component[j] = zoneout * before[k][j] + (1 - zoneout) * component[j];
            });
          if (!isResidual) return h;
          sum.set(h);
          addVector(sum, input);
          return sum;
        },
      };
    }

    function makeNetwork(spec) {
      const tensors = readTensors(spec), embedding = tensors.get("encoder.weight");
      const decoder = (tensors.get("decoder.weight") || embedding).values, bias = tensors.get("decoder.bias").values;
      const layers = [];
      while (tensors.has("rnn.weight_ih_l" + layers.length)) layers.push(makeLayer(spec, tensors, layers.length));
      const logits = new Float64Array(bias.length);
      return {
        logits: logits,
        reset() { for (const layer of layers) layer.reset(); },
        read(token) {
          const width = embedding && embedding.shape[1];
          let input = embedding ? embedding.values.subarray(token * width, (token + 1) * width) : token;
          for (const layer of layers) input = layer.step(input);
          logits.set(bias);
          addProduct(logits, decoder, input);
        },
        state: () => [logits, ...layers.flatMap(layer => layer.state)].map(values => values.slice()),
        restore(state) {
          [logits, ...layers.flatMap(layer => layer.state)].forEach((values, k) => values.set(state[k]));
        },
      };
    }
    """#
}
