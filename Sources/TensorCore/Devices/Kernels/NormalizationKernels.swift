extension KernelSource {
  /// Rows brought to mean 0 and variance 1, a work group of GROUP items for each row.
  static let normalizationText = #"""
    // The mean of a row, and its variance: two passes, the second of which also corrects the rounding of the mean.
    void moments(long n, __global const real *x, __local wide *values, real *mean, real *lost, real *variance) {
      const int item = get_local_id(0);
      wide sum = wide_of(0);
      for (long i = item; i < n; i += GROUP) sum = wide_sum(sum, wide_of(x[i]));
      const real shift = rounded(sum_of_items(sum, values)) / n;
      wide rests = wide_of(0), squares = wide_of(0);
      for (long i = item; i < n; i += GROUP) {
        const real difference = x[i] - shift;
        rests = wide_sum(rests, wide_of(difference));
        squares = wide_sum(squares, wide_product(difference, difference));
      }
      const real rest = rounded(sum_of_items(rests, values)) / n;
      const real spread = rounded(sum_of_items(squares, values)) / n - rest * rest;
      *mean = shift;
      *lost = rest;
      *variance = spread < 0 ? 0 : spread;
    }

    __kernel void normalize_rows(
        const long n, MEMORY(x), const real epsilon, MEMORY(out), MEMORY(means), MEMORY(variances)) {
      __local wide values[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *from = AT(real, x) + row * n;
      __global real *to = AT(real, out) + row * n;
      real mean, lost, variance;
      moments(n, from, values, &mean, &lost, &variance);
      if (item == 0) {
        AT(real, means)[row] = mean + lost;
        AT(real, variances)[row] = variance;
      }
      const real scale = 1 / sqrt(variance + epsilon);
      for (long i = item; i < n; i += GROUP) to[i] = (from[i] - mean - lost) * scale;
    }

    __kernel void normalize_rows_gradient(
        const long n, MEMORY(y), MEMORY(variances), const real epsilon, MEMORY(g), MEMORY(out)) {
      __local wide values[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *normalized = AT(real, y) + row * n, *upstream = AT(real, g) + row * n;
      __global real *to = AT(real, out) + row * n;
      wide plain = wide_of(0), weighted = wide_of(0);
      for (long i = item; i < n; i += GROUP) {
        plain = wide_sum(plain, wide_of(upstream[i]));
        weighted = wide_sum(weighted, wide_product(upstream[i], normalized[i]));
      }
      const real mean = rounded(sum_of_items(plain, values)) / n, slope = rounded(sum_of_items(weighted, values)) / n;
      const real scale = 1 / sqrt(AT(real, variances)[row] + epsilon);
      for (long i = item; i < n; i += GROUP) to[i] = (upstream[i] - mean - normalized[i] * slope) * scale;
    }

    __kernel void layer_norm(
        const long n, MEMORY(x), const int x_stride, const real epsilon, MEMORY(gain), MEMORY(bias),
        MEMORY(normalized), const int normalized_stride, MEMORY(scales), const int scales_stride, const int adds,
        MEMORY(y), const int y_stride) {
      __local wide values[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *from = AT(real, x) + row * x_stride;
      __global real *kept = AT(real, normalized) + row * normalized_stride, *to = AT(real, y) + row * y_stride;
      real mean, lost, variance;
      moments(n, from, values, &mean, &lost, &variance);
      const real scale = 1 / sqrt(variance + epsilon);
      if (item == 0) AT(real, scales)[row * scales_stride] = scale;
      for (long i = item; i < n; i += GROUP) {
        const real value = (from[i] - mean - lost) * scale;
        const real shifted = fma(value, AT(real, gain)[i], AT(real, bias)[i]);
        // Either of them may stand where x does.
        kept[i] = value;
        to[i] = adds ? to[i] + shifted : shifted;
      }
    }

    __kernel void layer_norm_gradient(
        const long n, MEMORY(normalized), const int normalized_stride, MEMORY(scales), const int scales_stride,
        MEMORY(gain), MEMORY(g), const int g_stride, MEMORY(dx), const int dx_stride, MEMORY(dgain), MEMORY(dbias),
        const int sums_stride) {
      __local wide values[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *kept = AT(real, normalized) + row * normalized_stride;
      __global const real *upstream = AT(real, g) + row * g_stride;
      __global real *to = AT(real, dx) + row * dx_stride;
      __global real *to_gain = AT(real, dgain) + row * sums_stride, *to_bias = AT(real, dbias) + row * sums_stride;
      wide plain = wide_of(0), weighted = wide_of(0);
      for (long i = item; i < n; i += GROUP) {
        const real slope = upstream[i], weight = slope * AT(real, gain)[i];
        to_gain[i] = fma(slope, kept[i], to_gain[i]);
        to_bias[i] += slope;
        to[i] = weight;
        plain = wide_sum(plain, wide_of(weight));
        weighted = wide_sum(weighted, wide_product(weight, kept[i]));
      }
      const real mean = rounded(sum_of_items(plain, values)) / n, slope = rounded(sum_of_items(weighted, values)) / n;
      const real scale = AT(real, scales)[row * scales_stride];
      for (long i = item; i < n; i += GROUP) to[i] = (to[i] - mean - kept[i] * slope) * scale;
    }
    """#
}
