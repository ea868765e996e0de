extension KernelSource {
  /// The pointwise part of recurrent steps, an item for each unit of each sequence. Formulas and orders of gates are those of the kernels
  /// in CSequenceKernels.h, and so are names where one does the same there.
  ///
  /// Gates that may be hard sigmoids take a slope: 0 stands for the logistic sigmoid.
  static let gatesText = #"""
    // The unit j of a sequence. States have H numbers a sequence, without gaps.
    #define UNIT(H)                                \
      ELEMENT(n);                                  \
      const long row = id / (H), j = id % (H)
    #define ROW(matrix, stride) (AT(real, matrix) + row * (stride) + j)

    __kernel void lstm_gates(
        const long n, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(c),
        MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real i = gate(slope, at[0]), f = gate(slope, at[H]), g = squash(at[2 * H]), o = gate(slope, at[3 * H]);
      const real cell = fma(f, AT(real, c_previous)[id], i * g);
      at[0] = i;
      at[H] = f;
      at[2 * H] = g;
      at[3 * H] = o;
      AT(real, c)[id] = cell;
      AT(real, h)[id] = o * squash(cell);
    }

    __kernel void lstm_gates_gradient(
        const long n, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(c),
        MEMORY(dh), MEMORY(dc), MEMORY(dgates), const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real i = at[0], f = at[H], g = at[2 * H], o = at[3 * H];
      const real squashed = squash(AT(real, c)[id]), slope_h = AT(real, dh)[id];
      const real slope_c = AT(real, dc)[id] + tanh_slope(squashed, slope_h * o);
      to[0] = gate_slope(slope, i, slope_c * g);
      to[H] = gate_slope(slope, f, slope_c * AT(real, c_previous)[id]);
      to[2 * H] = tanh_slope(g, slope_c * i);
      to[3 * H] = gate_slope(slope, o, slope_h * squashed);
      AT(real, dc)[id] = slope_c * f;
    }

    __kernel void peephole_lstm_gates(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(peepholes), MEMORY(c_previous), MEMORY(c),
        MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      __global const real *weights = AT(real, peepholes) + j;
      const real before = AT(real, c_previous)[id];
      const real i = sigmoid(fma(weights[0], before, at[0])), f = sigmoid(fma(weights[H], before, at[H]));
      const real g = squash(at[2 * H]), cell = fma(f, before, i * g);
      const real o = sigmoid(fma(weights[2 * H], cell, at[3 * H]));
      at[0] = i;
      at[H] = f;
      at[2 * H] = g;
      at[3 * H] = o;
      AT(real, c)[id] = cell;
      AT(real, h)[id] = o * squash(cell);
    }

    __kernel void peephole_lstm_gates_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(peepholes), MEMORY(c_previous), MEMORY(c),
        MEMORY(dh), MEMORY(dc), MEMORY(dgates), const int dstride, MEMORY(dpeepholes)) {
      UNIT(H);
      __global const real *at = ROW(gates, stride), *weights = AT(real, peepholes) + j;
      __global real *to = ROW(dgates, dstride), *sums = ROW(dpeepholes, 3 * H);
      const real i = at[0], f = at[H], g = at[2 * H], o = at[3 * H];
      const real before = AT(real, c_previous)[id], cell = AT(real, c)[id];
      const real squashed = squash(cell), slope_h = AT(real, dh)[id];
      const real output = sigmoid_slope(o, slope_h * squashed);
      const real direct = AT(real, dc)[id] + tanh_slope(squashed, slope_h * o);
      const real slope_c = fma(output, weights[2 * H], direct);
      const real input = sigmoid_slope(i, slope_c * g), forget = sigmoid_slope(f, slope_c * before);
      to[0] = input;
      to[H] = forget;
      to[2 * H] = tanh_slope(g, slope_c * i);
      to[3 * H] = output;
      sums[0] = fma(input, before, sums[0]);
      sums[H] = fma(forget, before, sums[H]);
      sums[2 * H] = fma(output, cell, sums[2 * H]);
      AT(real, dc)[id] = fma(slope_c, f, fma(input, weights[0], forget * weights[H]));
    }

    __kernel void coupled_lstm_gates(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(c), MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real f = sigmoid(at[0]), g = squash(at[H]), o = sigmoid(at[2 * H]);
      const real cell = fma(f, AT(real, c_previous)[id] - g, g);
      at[0] = f;
      at[H] = g;
      at[2 * H] = o;
      AT(real, c)[id] = cell;
      AT(real, h)[id] = o * squash(cell);
    }

    __kernel void coupled_lstm_gates_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(c), MEMORY(dh),
        MEMORY(dc), MEMORY(dgates), const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real f = at[0], g = at[H], o = at[2 * H];
      const real squashed = squash(AT(real, c)[id]), slope_h = AT(real, dh)[id];
      const real slope_c = AT(real, dc)[id] + tanh_slope(squashed, slope_h * o);
      to[0] = sigmoid_slope(f, slope_c * (AT(real, c_previous)[id] - g));
      to[H] = tanh_slope(g, slope_c * (1 - f));
      to[2 * H] = sigmoid_slope(o, slope_h * squashed);
      AT(real, dc)[id] = slope_c * f;
    }

    __kernel void gru_gates(
        const long n, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(recurrent),
        const int recurrent_stride, MEMORY(h_previous), MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      __global const real *products = ROW(recurrent, recurrent_stride);
      const real r = gate(slope, at[0] + products[0]), z = gate(slope, at[H] + products[H]);
      const real candidate = squash(fma(r, products[2 * H], at[2 * H]));
      at[0] = r;
      at[H] = z;
      at[2 * H] = candidate;
      AT(real, h)[id] = fma(1 - z, candidate, z * AT(real, h_previous)[id]);
    }

    __kernel void gru_gates_gradient(
        const long n, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(recurrent),
        const int recurrent_stride, MEMORY(h_previous), MEMORY(dh), MEMORY(dgates), const int dstride,
        MEMORY(drecurrent), const int drecurrent_stride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride), *products = ROW(recurrent, recurrent_stride);
      __global real *to = ROW(dgates, dstride), *to_recurrent = ROW(drecurrent, drecurrent_stride);
      const real r = at[0], z = at[H], candidate = at[2 * H], slope_h = AT(real, dh)[id];
      const real dn = tanh_slope(candidate, slope_h * (1 - z));
      const real dz = gate_slope(slope, z, slope_h * (AT(real, h_previous)[id] - candidate));
      const real dr = gate_slope(slope, r, dn * products[2 * H]);
      to[0] = dr;
      to[H] = dz;
      to[2 * H] = dn;
      to_recurrent[0] = dr;
      to_recurrent[H] = dz;
      to_recurrent[2 * H] = dn * r;
      AT(real, dh)[id] = slope_h * z;
    }

    __kernel void reset_before_gru_gates(
        const long n, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(h_previous),
        MEMORY(reset_h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real r = gate(slope, at[0]);
      at[0] = r;
      at[H] = gate(slope, at[H]);
      AT(real, reset_h)[id] = r * AT(real, h_previous)[id];
    }

    __kernel void reset_before_gru_candidate(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real z = at[H], candidate = squash(at[2 * H]);
      at[2 * H] = candidate;
      AT(real, h)[id] = fma(1 - z, candidate, z * AT(real, h_previous)[id]);
    }

    __kernel void reset_before_gru_candidate_gradient(
        const long n, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(dh),
        MEMORY(dgates), const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real z = at[H], candidate = at[2 * H], slope_h = AT(real, dh)[id];
      to[H] = gate_slope(slope, z, slope_h * (AT(real, h_previous)[id] - candidate));
      to[2 * H] = tanh_slope(candidate, slope_h * (1 - z));
      AT(real, dh)[id] = slope_h * z;
    }

    __kernel void reset_before_gru_gates_gradient(
        const long n, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(h_previous),
        MEMORY(dreset_h), MEMORY(dh), MEMORY(dgates), const int dstride) {
      UNIT(H);
      const real r = ROW(gates, stride)[0], upstream = AT(real, dreset_h)[id];
      ROW(dgates, dstride)[0] = gate_slope(slope, r, upstream * AT(real, h_previous)[id]);
      AT(real, dh)[id] = fma(upstream, r, AT(real, dh)[id]);
    }

    __kernel void mgu_forget(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(kept_h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real f = sigmoid(at[0]);
      at[0] = f;
      AT(real, kept_h)[id] = f * AT(real, h_previous)[id];
    }

    __kernel void mgu_candidate(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real candidate = squash(at[H]), before = AT(real, h_previous)[id];
      at[H] = candidate;
      AT(real, h)[id] = fma(at[0], candidate - before, before);
    }

    __kernel void mgu_candidate_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(dh), MEMORY(dgates),
        const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real f = at[0], candidate = at[H], slope_h = AT(real, dh)[id];
      to[0] = slope_h * (candidate - AT(real, h_previous)[id]);
      to[H] = tanh_slope(candidate, slope_h * f);
      AT(real, dh)[id] = slope_h * (1 - f);
    }

    __kernel void mgu_forget_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(dkept_h), MEMORY(dh),
        MEMORY(dgates), const int dstride) {
      UNIT(H);
      __global real *to = ROW(dgates, dstride);
      const real f = ROW(gates, stride)[0], upstream = AT(real, dkept_h)[id];
      to[0] = sigmoid_slope(f, fma(upstream, AT(real, h_previous)[id], to[0]));
      AT(real, dh)[id] = fma(upstream, f, AT(real, dh)[id]);
    }

    __kernel void indrnn_gates(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(u), MEMORY(h_previous), MEMORY(h)) {
      UNIT(H);
      const real sum = fma(AT(real, u)[j], AT(real, h_previous)[id], ROW(gates, stride)[0]);
      AT(real, h)[id] = sum < 0 ? 0 : sum;
    }

    __kernel void indrnn_gates_gradient(
        const long n, const int H, MEMORY(u), MEMORY(h_previous), MEMORY(h), MEMORY(dh), MEMORY(dgates),
        const int dstride, MEMORY(du)) {
      UNIT(H);
      const real y = AT(real, h)[id], d = isnan(y) ? y : y > 0 ? AT(real, dh)[id] : 0;
      ROW(dgates, dstride)[0] = d;
      AT(real, du)[id] = fma(d, AT(real, h_previous)[id], AT(real, du)[id]);
      AT(real, dh)[id] = d * AT(real, u)[j];
    }

    __kernel void min_gru_gates(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real z = sigmoid(at[0]), before = AT(real, h_previous)[id];
      at[0] = z;
      AT(real, h)[id] = fma(z, at[H] - before, before);
    }

    __kernel void min_gru_gates_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(dh), MEMORY(dgates),
        const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real z = at[0], slope_h = AT(real, dh)[id];
      to[0] = sigmoid_slope(z, slope_h * (at[H] - AT(real, h_previous)[id]));
      to[H] = slope_h * z;
      AT(real, dh)[id] = slope_h * (1 - z);
    }

    // e^-|x|, and sigmoid(-x) from it.
    real closed_part(real x, real e) { return (x > 0 ? e : 1) / (e + 1); }

    __kernel void min_lstm_gates(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(kept), MEMORY(h)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real i = at[0], f = at[H], e_i = exp(-fabs(i)), e_f = exp(-fabs(f));
      const real x = (i > 0 ? 0 : -i) - (f > 0 ? 0 : -f), smaller = exp(-fabs(x));
      const real a = (e_i + 1) * (x < 0 ? smaller : 1), b = (e_f + 1) * (x < 0 ? 1 : smaller);
      const real share = a / (a + b), entering = b / (a + b), slope = share * entering;
      at[0] = -slope * closed_part(i, e_i);
      at[H] = slope * closed_part(f, e_f);
      AT(real, kept)[id] = share;
      AT(real, h)[id] = fma(share, AT(real, h_previous)[id], entering * at[2 * H]);
    }

    __kernel void min_lstm_gates_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(h_previous), MEMORY(kept), MEMORY(dh),
        MEMORY(dgates), const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real share = AT(real, kept)[id], slope_h = AT(real, dh)[id];
      const real dkept = slope_h * (AT(real, h_previous)[id] - at[2 * H]);
      to[0] = dkept * at[0];
      to[H] = dkept * at[H];
      to[2 * H] = slope_h * (1 - share);
      AT(real, dh)[id] = slope_h * share;
    }

    __kernel void slstm_gates(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(n_previous),
        MEMORY(m_previous), MEMORY(c), MEMORY(normalizer), MEMORY(m), MEMORY(h), MEMORY(forget_sigmoid)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real input = at[0], forget = at[H], z = squash(at[2 * H]), o = sigmoid(at[3 * H]);
      const real before = AT(real, n_previous)[id], held = AT(real, m_previous)[id] - softplus(-forget);
      const real stabilizer = before > 0 ? (isnan(input) || isnan(held) ? input + held : fmax(input, held)) : input;
      const real i = exp(input - stabilizer), f = exp(held > stabilizer ? 0 : held - stabilizer);
      const real cell = fma(f, AT(real, c_previous)[id], i * z), count = fma(f, before, i);
      at[0] = i;
      at[H] = f;
      at[2 * H] = z;
      at[3 * H] = o;
      AT(real, c)[id] = cell;
      AT(real, normalizer)[id] = count;
      AT(real, m)[id] = stabilizer;
      AT(real, h)[id] = o * (cell / count);
      AT(real, forget_sigmoid)[id] = sigmoid(forget);
    }

    __kernel void slstm_gates_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(n_previous), MEMORY(c),
        MEMORY(normalizer), MEMORY(forget_sigmoid), MEMORY(dh), MEMORY(dc), MEMORY(dn), MEMORY(dm), MEMORY(dgates),
        const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real i = at[0], f = at[H], z = at[2 * H], o = at[3 * H];
      const real before = AT(real, n_previous)[id], count = AT(real, normalizer)[id];
      const real ratio = AT(real, c)[id] / count, slope_h = AT(real, dh)[id], dratio = slope_h * o / count;
      const real slope_c = AT(real, dc)[id] + dratio, slope_n = AT(real, dn)[id] - dratio * ratio;
      const real slope_m = AT(real, dm)[id];
      // Where nothing was read before, an f of 1 was cut off: no gradient passes its exponent.
      const int is_cut = !(before > 0) && f == 1;
      const real of_input = (slope_c * z + slope_n) * i;
      const real of_kept = is_cut ? 0 : (slope_c * AT(real, c_previous)[id] + slope_n * before) * f;
      const real dkept = i == 1 ? of_kept : slope_m - of_input;
      to[0] = i == 1 ? slope_m - of_kept : of_input;
      to[H] = dkept * (1 - AT(real, forget_sigmoid)[id]);
      to[2 * H] = tanh_slope(z, slope_c * i);
      to[3 * H] = sigmoid_slope(o, slope_h * ratio);
      AT(real, dc)[id] = slope_c * f;
      AT(real, dn)[id] = slope_n * f;
      AT(real, dm)[id] = dkept;
    }

    // The parts of the LSTM with a normalized cell state: the kernels of layer normalization stand between them.

    // c and the activations, as lstm_gates without the output.
    __kernel void lstm_cell(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(c)) {
      UNIT(H);
      __global real *at = ROW(gates, stride);
      const real i = sigmoid(at[0]), f = sigmoid(at[H]), g = squash(at[2 * H]);
      at[0] = i;
      at[H] = f;
      at[2 * H] = g;
      at[3 * H] = sigmoid(at[3 * H]);
      AT(real, c)[id] = fma(f, AT(real, c_previous)[id], i * g);
    }

    // h goes from the normalized cell state to the output.
    __kernel void normalized_lstm_output(const long n, const int H, MEMORY(gates), const int stride, MEMORY(h)) {
      UNIT(H);
      AT(real, h)[id] = ROW(gates, stride)[3 * H] * squash(AT(real, h)[id]);
    }

    // dh goes from the gradient of h to that of the normalized cell state.
    __kernel void normalized_lstm_output_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(normalized), MEMORY(gain), MEMORY(bias),
        MEMORY(dh), MEMORY(dgates), const int dstride) {
      UNIT(H);
      const real o = ROW(gates, stride)[3 * H], slope_h = AT(real, dh)[id];
      const real squashed = squash(fma(AT(real, normalized)[id], AT(real, gain)[j], AT(real, bias)[j]));
      ROW(dgates, dstride)[3 * H] = sigmoid_slope(o, slope_h * squashed);
      AT(real, dh)[id] = tanh_slope(squashed, slope_h * o);
    }

    // On entry dh holds the gradient of c that comes from the output, on return zeros.
    __kernel void normalized_lstm_cell_gradient(
        const long n, const int H, MEMORY(gates), const int stride, MEMORY(c_previous), MEMORY(dh), MEMORY(dc),
        MEMORY(dgates), const int dstride) {
      UNIT(H);
      __global const real *at = ROW(gates, stride);
      __global real *to = ROW(dgates, dstride);
      const real slope_c = AT(real, dc)[id] + AT(real, dh)[id];
      to[0] = sigmoid_slope(at[0], slope_c * at[2 * H]);
      to[H] = sigmoid_slope(at[H], slope_c * AT(real, c_previous)[id]);
      to[2 * H] = tanh_slope(at[2 * H], slope_c * at[0]);
      AT(real, dc)[id] = slope_c * at[H];
      AT(real, dh)[id] = 0;
    }
    """#
}
