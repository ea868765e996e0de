extension KernelSource {
  /// Filling, copying and rearranging without arithmetic, and sums by index.
  static let movingText = #"""
    __kernel void fill(const long n, const int columns, const real value, MEMORY(out), const int out_stride) {
      ELEMENT(n);
      AT(real, out)[id / columns * out_stride + id % columns] = value;
    }

    __kernel void copy(
        const long n, const int columns, MEMORY(x), const long x_row, const long x_column, MEMORY(out),
        const long out_stride) {
      ELEMENT(n);
      const long row = id / columns, column = id % columns;
      AT(real, out)[row * out_stride + column] = AT(real, x)[row * x_row + column * x_column];
    }

    // A result whose axes have these sizes and, in x, these strides; unused leading axes have the size 1.
    __kernel void arrange(const long n, SIZES, STRIDES(x), MEMORY(x), MEMORY(out)) {
      ELEMENT(n);
      AT(real, out)[id] = AT(real, x)[PLACE(x)];
    }

    __kernel void set_one_hot(const long n, const int columns, MEMORY(indices), MEMORY(out)) {
      ELEMENT(n);
      AT(real, out)[id * columns + AT(int, indices)[id]] = 1;
    }

    // The generator of RandomSource: Philox 4 x 32 with 10 rounds (Salmon et al., 2011).
    uint4 philox(uint4 c, uint k0, uint k1) {
      for (int round = 0; round < 10; round++) {
        const uint a = c.x * 0xD2511F53u, a_high = mul_hi(c.x, 0xD2511F53u);
        const uint b = c.z * 0xCD9E8D57u, b_high = mul_hi(c.z, 0xCD9E8D57u);
        c = (uint4)(b_high ^ c.y ^ k0, b, a_high ^ c.w ^ k1, a);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
      }
      return c;
    }

    // Element i of each run of the mask stands at the position start + run * run_stride + i, which decides on it: 0 where the
    // random word there is below a threshold, else `kept`.
    __kernel void dropout_mask(
        const long n, const long run_length, const long start, const long run_stride, const long threshold,
        const real kept, const long seed, MEMORY(out)) {
      ELEMENT(n);
      const ulong position = start + id / run_length * run_stride + id % run_length, block = position / 4;
      const uint4 words = philox(
          (uint4)((uint)block, (uint)(block >> 32), 2, 0), (uint)(ulong)seed, (uint)((ulong)seed >> 32));
      const uint part = (uint)(position % 4);
      const uint word = part == 0 ? words.x : part == 1 ? words.y : part == 2 ? words.z : words.w;
      AT(real, out)[id] = word < (uint)threshold ? 0 : kept;
    }

    __kernel void gather_rows(
        const long n, const int columns, MEMORY(indices), MEMORY(table), const int table_stride, MEMORY(out),
        const int out_stride) {
      ELEMENT(n);
      const long row = id / columns, column = id % columns;
      AT(real, out)[row * out_stride + column] =
          AT(real, table)[(long)AT(int, indices)[row] * table_stride + column];
    }

    // Adds to each of the rows that the indices name the rows of x that go there, in their order: those of the k-th such row
    // are sources[starts[k]] to sources[starts[k + 1] - 1].
    __kernel void scatter_add_rows(
        const long n, const int columns, MEMORY(rows), MEMORY(starts), MEMORY(sources), MEMORY(x), const int x_stride,
        MEMORY(table), const int table_stride) {
      ELEMENT(n);
      const long k = id / columns, column = id % columns;
      __global real *target = AT(real, table) + (long)AT(int, rows)[k] * table_stride + column;
      real sum = *target;
      const int end = AT(int, starts)[k + 1];
      for (int i = AT(int, starts)[k]; i < end; i++) {
        sum += AT(real, x)[(long)AT(int, sources)[i] * x_stride + column];
      }
      *target = sum;
    }

    __kernel void gather_columns(
        const long n, const int columns, MEMORY(indices), MEMORY(x), const int x_columns, MEMORY(out)) {
      ELEMENT(n);
      const int index = AT(int, indices)[id % columns];
      AT(real, out)[id] = index < 0 ? 0 : AT(real, x)[id / columns * x_columns + index];
    }

    // The sources of each column of the result are listed as in scatter_add_rows.
    __kernel void scatter_add_columns(
        const long n, const int columns, MEMORY(targets), MEMORY(starts), MEMORY(sources), MEMORY(x),
        const int x_columns, MEMORY(out), const int out_columns) {
      ELEMENT(n);
      const long row = id / columns, k = id % columns;
      __global real *target = AT(real, out) + row * out_columns + AT(int, targets)[k];
      real sum = *target;
      const int end = AT(int, starts)[k + 1];
      for (int i = AT(int, starts)[k]; i < end; i++) sum += AT(real, x)[row * x_columns + AT(int, sources)[i]];
      *target = sum;
    }
    """#
}
