/// JavaScript that draws tokens as `SamplingOptions` and `RandomSource` do: the same seed writes the text of `TextGenerator`, but
/// for roundings of the network.
enum SamplingScript {
  /// `randomSource(seed)` gives a function that draws numbers in [0, 1); `drawToken(logits, options, allowed, uniform)` an index,
  /// where `options` has `temperature`, `topK` and `topP` (null for all tokens) and `allowed` is null for all;
  /// `likeliest(count, scores)` the indices of the largest scores; `makeMask(bytes)` what may follow in UTF-8.
  static let text = #"""
    // Philox 4x32 with 10 rounds (Salmon et al., 2011). A number of 53 bits takes two of a block's four words.
    function randomBlock(seed, counter) {
      const low = value => Number(value & 0xffffffffn);
      let c = [counter >>> 0, Math.floor(counter / 2 ** 32), 0, 0], k0 = low(seed), k1 = low(seed >> 32n);
      for (let round = 0; round < 10; round++) {
        const a = BigInt(c[0]) * 0xd2511f53n, b = BigInt(c[2]) * 0xcd9e8d57n;
        c = [(low(b >> 32n) ^ c[1] ^ k0) >>> 0, low(b), (low(a >> 32n) ^ c[3] ^ k1) >>> 0, low(a)];
        k0 = (k0 + 0x9e3779b9) >>> 0;
        k1 = (k1 + 0xbb67ae85) >>> 0;
      }
      return c;
    }
    function randomSource(seed) {
      let position = 0;
      return () => {
        const words = randomBlock(BigInt(seed), Math.floor(position / 2)), first = position % 2 * 2;
        position += 1;
        return (words[first] * 2 ** 21 + (words[first + 1] >>> 11)) * 2 ** -53;
      };
    }

    // The one of the lower index comes first of equal scores.
    function likeliest(count, scores) {
      const kept = [];
      for (let index = 0; index < scores.length; index++) {
        if (kept.length === count && scores[index] <= scores[kept[count - 1]]) continue;
        let place = kept.length;
        while (place > 0 && scores[index] > scores[kept[place - 1]]) place--;
        kept.splice(place, 0, index);
        if (kept.length > count) kept.pop();
      }
      return kept;
    }
    function keepOnly(indices, weights) {
      const kept = indices.map(index => weights[index]);
      weights.fill(0);
      indices.forEach((index, k) => { weights[index] = kept[k]; });
    }
    function drawToken(logits, {temperature, topK, topP}, allowed, uniform) {
      const scores = Float64Array.from(logits, (score, index) => allowed && !allowed[index] ? -Infinity : score);
      const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
      if (temperature === 0) return scores.indexOf(largest);
      const weights = scores.map(score => Math.exp((score - largest) / temperature));
      if (topK !== null) keepOnly(likeliest(topK, scores), weights);
      const sum = () => weights.reduce((a, b) => a + b, 0);
      if (topP !== null) {
        const whole = sum(), order = [...weights.keys()].sort((a, b) => weights[b] - weights[a] || a - b);
        let before = 0;
        keepOnly(order.filter(index => {
          const isKept = before < topP * whole;
          before += weights[index];
          return isKept;
        }), weights);
      }
      const target = uniform * sum();
      let below = 0, last = 0;
      for (let index = 0; index < weights.length; index++) {
        if (weights[index] === 0) continue;
        below += weights[index];
        if (target < below) return index;
        last = index;
      }
      return last;
    }

    // Well-formed UTF-8 (table 3-7 of the Unicode Standard): in each state the ranges of bytes that go on, and to which state.
    const utf8 = {
      boundary: [
        [0x00, 0x7f, "boundary"], [0xc2, 0xdf, "lastOne"], [0xe0, 0xe0, "afterE0"], [0xe1, 0xec, "lastTwo"],
        [0xed, 0xed, "afterED"], [0xee, 0xef, "lastTwo"], [0xf0, 0xf0, "afterF0"], [0xf1, 0xf3, "lastThree"],
        [0xf4, 0xf4, "afterF4"]],
      lastOne: [[0x80, 0xbf, "boundary"]], lastTwo: [[0x80, 0xbf, "lastOne"]], lastThree: [[0x80, 0xbf, "lastTwo"]],
      afterE0: [[0xa0, 0xbf, "lastOne"]], afterED: [[0x80, 0x9f, "lastOne"]],
      afterF0: [[0x90, 0xbf, "lastTwo"]], afterF4: [[0x80, 0x8f, "lastTwo"]],
    };
    const nextUTF8 = (state, byte) => (utf8[state].find(([low, high]) => low <= byte && byte <= high) || [])[2];
    // For each state which of the bytes may follow, so that others of them can finish the character. Null where no character
    // can be spelled.
    function makeMask(bytes) {
      const finishes = state =>
        state === "boundary" || bytes.some(byte => nextUTF8(state, byte) && finishes(nextUTF8(state, byte)));
      const mask = {};
      for (const state in utf8)
        mask[state] = bytes.map(byte => nextUTF8(state, byte) !== undefined && finishes(nextUTF8(state, byte)));
      return mask.boundary.includes(true) ? mask : null;
    }
    """#
}
