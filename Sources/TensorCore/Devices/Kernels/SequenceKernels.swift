extension KernelSource {
  /// All steps of a sequence in one launch: a work group takes one sequence of the batch through time, as sequences do not depend on
  /// each other. The state stays in local memory; the recurrent weights are read at every step, by all groups, and should fit
  /// into a cache of the device.
  ///
  /// Sums are taken in the order of the kernels that compute a step, so the bits are theirs but where those divide k, which is the
  /// case of some backward products of 1024 gates and more.
  static let sequencesText = #"""
    // The items of a group share n units.
    #define FOR_UNITS(n) for (int j = get_local_id(0); j < (n); j += get_local_size(0))
    #define WAIT barrier(CLK_LOCAL_MEM_FENCE)
    // The row of this group's sequence at step t, in a matrix of all steps.
    #define ROW_AT(matrix, t, stride) (AT(real, matrix) + ((long)(t) * batch + get_group_id(0)) * (stride))

    // start + the product of a row of n numbers with a column of a matrix.
    real dot(real start, int n, __local const real *row, __global const real *column, int stride) {
      real sum = start;
      for (int k = 0; k < n; k++) sum = fma(row[k], column[(long)k * stride], sum);
      return sum;
    }

    // Matrices of states hold the initial one first, then that after each step. `row` has H numbers, `sums` one for each gate.
    __kernel void lstm_sequence(
        const int time, const int batch, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(weight),
        MEMORY(h_states), MEMORY(c_states), __local real *row, __local real *sums) {
      __global const real *w = AT(real, weight);
      FOR_UNITS(H) row[j] = ROW_AT(h_states, 0, H)[j];
      WAIT;
      for (int t = 0; t < time; t++) {
        __global real *at = ROW_AT(gates, t, stride);
        FOR_UNITS(4 * H) sums[j] = dot(at[j], H, row, w + j, 4 * H);
        WAIT;
        FOR_UNITS(H) {
          const real i = gate(slope, sums[j]), f = gate(slope, sums[H + j]), g = squash(sums[2 * H + j]);
          const real o = gate(slope, sums[3 * H + j]), cell = fma(f, ROW_AT(c_states, t, H)[j], i * g);
          const real h = o * squash(cell);
          at[j] = i;
          at[H + j] = f;
          at[2 * H + j] = g;
          at[3 * H + j] = o;
          ROW_AT(c_states, t + 1, H)[j] = cell;
          ROW_AT(h_states, t + 1, H)[j] = h;
          row[j] = h;
        }
        WAIT;
      }
    }

    __kernel void lstm_sequence_gradient(
        const int time, const int batch, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(weight),
        MEMORY(h_states), MEMORY(c_states), const int has_outputs, MEMORY(doutputs), MEMORY(dh), MEMORY(dc),
        MEMORY(dgates), const int dstride, __local real *row, __local real *sums) {
      __global const real *w = AT(real, weight);
      FOR_UNITS(H) row[j] = ROW_AT(dh, 0, H)[j];
      for (int t = time - 1; t >= 0; t--) {
        __global const real *at = ROW_AT(gates, t, stride);
        __global real *to = ROW_AT(dgates, t, dstride), *to_cell = ROW_AT(dc, 0, H);
        FOR_UNITS(H) {
          const real i = at[j], f = at[H + j], g = at[2 * H + j], o = at[3 * H + j];
          const real slope_h = has_outputs ? row[j] + ROW_AT(doutputs, t, H)[j] : row[j];
          const real squashed = squash(ROW_AT(c_states, t + 1, H)[j]);
          const real slope_c = to_cell[j] + tanh_slope(squashed, slope_h * o);
          sums[j] = gate_slope(slope, i, slope_c * g);
          sums[H + j] = gate_slope(slope, f, slope_c * ROW_AT(c_states, t, H)[j]);
          sums[2 * H + j] = tanh_slope(g, slope_c * i);
          sums[3 * H + j] = gate_slope(slope, o, slope_h * squashed);
          for (int part = 0; part < 4; part++) to[part * H + j] = sums[part * H + j];
          to_cell[j] = slope_c * f;
        }
        WAIT;
        FOR_UNITS(H) row[j] = dot(0, 4 * H, sums, w + j, H);
        WAIT;
      }
      FOR_UNITS(H) ROW_AT(dh, 0, H)[j] = row[j];
    }

    __kernel void gru_sequence(
        const int time, const int batch, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(weight),
        MEMORY(h_states), MEMORY(recurrent), const int recurrent_stride, const int has_bias, MEMORY(bias),
        __local real *row, __local real *sums) {
      __global const real *w = AT(real, weight);
      FOR_UNITS(H) row[j] = ROW_AT(h_states, 0, H)[j];
      WAIT;
      for (int t = 0; t < time; t++) {
        __global real *at = ROW_AT(gates, t, stride), *products = ROW_AT(recurrent, t, recurrent_stride);
        FOR_UNITS(3 * H) {
          sums[j] = dot(has_bias ? AT(real, bias)[j] : 0, H, row, w + j, 3 * H);
          products[j] = sums[j];
        }
        WAIT;
        FOR_UNITS(H) {
          const real r = gate(slope, at[j] + sums[j]), z = gate(slope, at[H + j] + sums[H + j]);
          const real candidate = squash(fma(r, sums[2 * H + j], at[2 * H + j]));
          const real h = fma(1 - z, candidate, z * row[j]);
          at[j] = r;
          at[H + j] = z;
          at[2 * H + j] = candidate;
          ROW_AT(h_states, t + 1, H)[j] = h;
          row[j] = h;
        }
        WAIT;
      }
    }

    __kernel void gru_sequence_gradient(
        const int time, const int batch, const int H, const real slope, MEMORY(gates), const int stride, MEMORY(weight),
        MEMORY(h_states), MEMORY(recurrent), const int recurrent_stride, const int has_outputs, MEMORY(doutputs),
        MEMORY(dh), MEMORY(dgates), const int dstride, MEMORY(drecurrent), const int drecurrent_stride,
        __local real *row, __local real *sums) {
      __global const real *w = AT(real, weight);
      FOR_UNITS(H) row[j] = ROW_AT(dh, 0, H)[j];
      for (int t = time - 1; t >= 0; t--) {
        __global const real *at = ROW_AT(gates, t, stride);
        __global real *to = ROW_AT(dgates, t, dstride), *to_recurrent = ROW_AT(drecurrent, t, drecurrent_stride);
        FOR_UNITS(H) {
          const real r = at[j], z = at[H + j], candidate = at[2 * H + j];
          const real slope_h = has_outputs ? row[j] + ROW_AT(doutputs, t, H)[j] : row[j];
          const real dn = tanh_slope(candidate, slope_h * (1 - z));
          const real dz = gate_slope(slope, z, slope_h * (ROW_AT(h_states, t, H)[j] - candidate));
          const real dr = gate_slope(slope, r, dn * ROW_AT(recurrent, t, recurrent_stride)[2 * H + j]);
          to[j] = dr;
          to[H + j] = dz;
          to[2 * H + j] = dn;
          sums[j] = dr;
          sums[H + j] = dz;
          sums[2 * H + j] = dn * r;
          for (int part = 0; part < 3; part++) to_recurrent[part * H + j] = sums[part * H + j];
          row[j] = slope_h * z;
        }
        WAIT;
        FOR_UNITS(H) row[j] = dot(row[j], 3 * H, sums, w + j, H);
        WAIT;
      }
      FOR_UNITS(H) ROW_AT(dh, 0, H)[j] = row[j];
    }

    // With tanh, or with the rectifier.
    __kernel void elman_sequence(
        const int time, const int batch, const int H, const int rectifies, MEMORY(gates), const int stride,
        MEMORY(weight), MEMORY(h_states), __local real *row, __local real *sums) {
      __global const real *w = AT(real, weight);
      FOR_UNITS(H) row[j] = ROW_AT(h_states, 0, H)[j];
      WAIT;
      for (int t = 0; t < time; t++) {
        __global real *at = ROW_AT(gates, t, stride);
        FOR_UNITS(H) {
          const real x = dot(at[j], H, row, w + j, H), h = rectifies ? (x < 0 ? 0 : x) : squash(x);
          at[j] = x;
          ROW_AT(h_states, t + 1, H)[j] = h;
          sums[j] = h;
        }
        WAIT;
        FOR_UNITS(H) row[j] = sums[j];
        WAIT;
      }
    }

    __kernel void elman_sequence_gradient(
        const int time, const int batch, const int H, const int rectifies, MEMORY(gates), const int stride,
        MEMORY(weight), MEMORY(h_states), const int has_outputs, MEMORY(doutputs), MEMORY(dh), MEMORY(dgates),
        const int dstride, __local real *row, __local real *sums) {
      __global const real *w = AT(real, weight);
      FOR_UNITS(H) row[j] = ROW_AT(dh, 0, H)[j];
      for (int t = time - 1; t >= 0; t--) {
        __global real *to = ROW_AT(dgates, t, dstride);
        FOR_UNITS(H) {
          const real y = ROW_AT(h_states, t + 1, H)[j];
          const real slope_h = has_outputs ? row[j] + ROW_AT(doutputs, t, H)[j] : row[j];
          sums[j] = rectifies ? (isnan(y) ? y : y > 0 ? slope_h : 0) : tanh_slope(y, slope_h);
          to[j] = sums[j];
        }
        WAIT;
        FOR_UNITS(H) row[j] = dot(0, H, sums, w + j, H);
        WAIT;
      }
      FOR_UNITS(H) ROW_AT(dh, 0, H)[j] = row[j];
    }
    """#
}
