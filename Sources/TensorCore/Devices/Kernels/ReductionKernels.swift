extension KernelSource {
  /// Sums and maxima. A work group of GROUP items reduces a row: each item takes every GROUP-th element in order, then the items
  /// are joined in pairs.
  static let reductionsText = #"""
    #define GROUP 64

    // Joins the values of the items of a group into that of item 0.
    #define JOIN(values, item, expression)                       \
      barrier(CLK_LOCAL_MEM_FENCE);                              \
      for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) { \
        if (item < half_count) {                                 \
          const int other = item + half_count;                   \
          values[item] = (expression);                           \
        }                                                        \
        barrier(CLK_LOCAL_MEM_FENCE);                            \
      }

    // out[row] = the sum, or the sum of the squares, of each of the rows of x, of n elements.
    __kernel void row_sums(const long n, const int squares, MEMORY(x), MEMORY(out)) {
      __local wide values[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *from = AT(real, x) + row * n;
      wide sum = wide_of(0);
      for (long i = item; i < n; i += GROUP) {
        sum = wide_sum(sum, squares ? wide_product(from[i], from[i]) : wide_of(from[i]));
      }
      values[item] = sum;
      JOIN(values, item, wide_sum(values[item], values[other]));
      if (item == 0) AT(real, out)[row] = rounded(values[0]);
    }

    // As row_sums, added to what stands in out.
    __kernel void row_sums_added(const long n, MEMORY(x), MEMORY(out)) {
      __local wide values[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *from = AT(real, x) + row * n;
      wide sum = wide_of(0);
      for (long i = item; i < n; i += GROUP) sum = wide_sum(sum, wide_of(from[i]));
      values[item] = sum;
      JOIN(values, item, wide_sum(values[item], values[other]));
      if (item == 0) AT(real, out)[row] += rounded(values[0]);
    }

    real larger(real a, real b) { return isnan(a) ? a : isnan(b) ? b : fmax(a, b); }

    __kernel void row_maxima(const long n, MEMORY(x), MEMORY(out)) {
      __local real values[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *from = AT(real, x) + row * n;
      real most = from[item < n ? item : 0];
      for (long i = item; i < n; i += GROUP) most = larger(most, from[i]);
      values[item] = most;
      JOIN(values, item, larger(values[item], values[other]));
      if (item == 0) AT(real, out)[row] = values[0];
    }

    // out[block, column] += the sum over the rows of each block of x, in their order.
    __kernel void column_sums(
        const long n, const int rows, const int columns, MEMORY(x), const int x_stride, MEMORY(out)) {
      ELEMENT(n);
      const long block = id / columns, column = id % columns;
      __global const real *from = AT(real, x) + block * rows * x_stride + column;
      real sum = 0;
      for (long i = 0; i < rows; i++) sum += from[i * x_stride];
      AT(real, out)[id] += sum;
    }

    // Independent multiply-adds, whose results are written so that they are computed.
    __kernel void multiply_add_burst(const int iterations, MEMORY(out)) {
      const float16 factor = (float16)(0.999f);
      float16 a = (float16)(get_global_id(0)), b = a + 1, c = a + 2, d = a + 3;
      for (int i = 0; i < iterations; i++) {
        a = fma(a, factor, factor);
        b = fma(b, factor, factor);
        c = fma(c, factor, factor);
        d = fma(d, factor, factor);
      }
      const float16 sums = (a + b) + (c + d);
      const float8 half_sums = sums.lo + sums.hi;
      const float4 quarter = half_sums.lo + half_sums.hi;
      AT(real, out)[get_global_id(0)] = quarter.x + quarter.y + quarter.z + quarter.w;
    }

    // The softmax of each row of n elements, or its logarithm.
    __kernel void softmax(const long n, const int logarithm, MEMORY(x), MEMORY(out)) {
      __local real maxima[GROUP];
      __local wide sums[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *from = AT(real, x) + row * n;
      __global real *to = AT(real, out) + row * n;
      real most = from[item < n ? item : 0];
      for (long i = item; i < n; i += GROUP) most = larger(most, from[i]);
      maxima[item] = most;
      JOIN(maxima, item, larger(maxima[item], maxima[other]));
      most = maxima[0];
      wide sum = wide_of(0);
      for (long i = item; i < n; i += GROUP) sum = wide_sum(sum, wide_of(exp(from[i] - most)));
      sums[item] = sum;
      JOIN(sums, item, wide_sum(sums[item], sums[other]));
      const real total = rounded(sums[0]);
      if (logarithm) {
        const real shift = log(total);
        for (long i = item; i < n; i += GROUP) to[i] = from[i] - most - shift;
      } else {
        const real scale = 1 / total;
        for (long i = item; i < n; i += GROUP) to[i] = exp(from[i] - most) * scale;
      }
    }

    // losses[row] = -log softmax(row)[target] in nats; the gradient, where wanted, is scale * (softmax - one-hot).
    __kernel void softmax_cross_entropy(
        const long n, MEMORY(logits), MEMORY(targets), MEMORY(losses), const real scale, const int wants_gradient,
        MEMORY(gradient)) {
      __local real maxima[GROUP];
      __local wide sums[GROUP];
      const int item = get_local_id(0);
      const long row = get_group_id(0);
      __global const real *from = AT(real, logits) + row * n;
      const int target = AT(int, targets)[row];
      const real own = from[target];
      real most = from[item < n ? item : 0];
      for (long i = item; i < n; i += GROUP) most = larger(most, from[i]);
      maxima[item] = most;
      JOIN(maxima, item, larger(maxima[item], maxima[other]));
      most = maxima[0];
      wide sum = wide_of(0);
      for (long i = item; i < n; i += GROUP) sum = wide_sum(sum, wide_of(exp(from[i] - most)));
      sums[item] = sum;
      JOIN(sums, item, wide_sum(sums[item], sums[other]));
      const real total = rounded(sums[0]);
      if (item == 0) AT(real, losses)[row] = log(total) - (own - most);
      if (wants_gradient) {
        __global real *to = AT(real, gradient) + row * n;
        const real factor = scale / total;
        for (long i = item; i < n; i += GROUP) {
          to[i] = exp(from[i] - most) * factor - (i == target ? scale : 0);
        }
      }
    }
    """#
}
