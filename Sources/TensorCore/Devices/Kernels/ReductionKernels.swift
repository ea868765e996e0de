extension KernelSource {
  /// Sums and maxima. A work group of GROUP items reduces a row: each item takes every GROUP-th element in order, then the items
  /// are joined in pairs.
  static let reductionsText = #"""
    #define ITEM ((int)get_local_id(0))
    #define ROW(x) (AT(real, x) + (long)get_group_id(0) * n)

    // The sum, or the sum of the squares, of a row of n elements.
    wide row_sum(long n, int squares, __global const real *from, __local wide *values) {
      wide sum = wide_of(0);
      for (long i = ITEM; i < n; i += GROUP) {
        sum = wide_sum(sum, squares ? wide_product(from[i], from[i]) : wide_of(from[i]));
      }
      return sum_of_items(sum, values);
    }

    real row_maximum(long n, __global const real *from, __local real *values) {
      real most = from[ITEM < n ? ITEM : 0];
      for (long i = ITEM; i < n; i += GROUP) most = larger(most, from[i]);
      return largest_of_items(most, values);
    }

    // The sum of e to the power of the elements less the largest.
    real row_exponentials(long n, real most, __global const real *from, __local wide *values) {
      wide sum = wide_of(0);
      for (long i = ITEM; i < n; i += GROUP) sum = wide_sum(sum, wide_of(exp(from[i] - most)));
      return rounded(sum_of_items(sum, values));
    }

    // out[row] = of each of the rows of x the sum (0), that of the squares (1), or its root (2), after what stands there if it is kept.
    __kernel void row_sums(const long n, const int kind, const int keeps, MEMORY(x), MEMORY(out)) {
      __local wide values[GROUP];
      const wide exact = row_sum(n, kind > 0, ROW(x), values);
      const real sum = kind == 2 ? rounded_root(exact) : rounded(exact);
      __global real *to = AT(real, out) + get_group_id(0);
      if (ITEM == 0) *to = keeps ? *to + sum : sum;
    }

    __kernel void row_maxima(const long n, MEMORY(x), MEMORY(out)) {
      __local real values[GROUP];
      const real most = row_maximum(n, ROW(x), values);
      if (ITEM == 0) AT(real, out)[get_group_id(0)] = most;
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
      __global const real *from = ROW(x);
      __global real *to = ROW(out);
      const real most = row_maximum(n, from, maxima), total = row_exponentials(n, most, from, sums);
      const real shift = log(total), scale = 1 / total;
      for (long i = ITEM; i < n; i += GROUP) to[i] = logarithm ? from[i] - most - shift : exp(from[i] - most) * scale;
    }

    // losses[row] = -log softmax(row)[target] in nats; the gradient, where wanted, is scale * (softmax - one-hot). It may stand where
    // the logits do.
    __kernel void softmax_cross_entropy(
        const long n, MEMORY(logits), MEMORY(targets), MEMORY(losses), const real scale, const int wants_gradient,
        MEMORY(gradient)) {
      __local real maxima[GROUP];
      __local wide sums[GROUP];
      __global const real *from = ROW(logits);
      const int target = AT(int, targets)[get_group_id(0)];
      const real own = from[target];
      const real most = row_maximum(n, from, maxima), total = row_exponentials(n, most, from, sums);
      if (ITEM == 0) AT(real, losses)[get_group_id(0)] = log(total) - (own - most);
      if (wants_gradient) {
        __global real *to = ROW(gradient);
        const real factor = scale / total;
        for (long i = ITEM; i < n; i += GROUP) to[i] = exp(from[i] - most) * factor - (i == target ? scale : 0);
      }
    }
    """#
}
