extension KernelSource {
  /// Matrix products, as a `ProductTiling` says. Each element is a chain of multiply-adds over k, in order; where k is divided, the sum
  /// of those of its slices.
  static let productsText = #"""
    #ifdef SIDE
    // A work group computes a tile of the result: SIDE x SIDE items, each PART x PART elements. Slices of both operands go through local
    // memory, DEPTH of k at a time; their rows are a little longer than a tile, so that neighbouring items do not wait for one
    // bank. Where k is divided into slices that groups of their own compute, the results stand one behind the other.
    #define TILE (SIDE * PART)
    #define PITCH (TILE + 4)

    // c = start + a * b. The element (i, j) of a is a[i * a_row + j * a_column]. The start is row i of its rows, or the row that
    // index i names.
    __kernel void product(
        const int m, const int n, const int k, MEMORY(a), const int a_row, const int a_column, MEMORY(b),
        const int b_row, const int has_start, MEMORY(start), const int start_stride, const int has_indices,
        MEMORY(indices), MEMORY(c), const int c_stride, const int slice) {
      __local real slice_a[DEPTH][PITCH];
      __local real slice_b[DEPTH][PITCH];
      const int item = get_local_id(0), x = item % SIDE, y = item / SIDE;
      const int across = (n + TILE - 1) / TILE, tiles = (m + TILE - 1) / TILE * across;
      const int tile = get_group_id(0) % tiles, part = get_group_id(0) / tiles;
      const int row = tile / across * TILE, column = tile % across * TILE;
      const int begin = part * slice, end = min(k, begin + slice);
      __global const real *from_a = AT(real, a), *from_b = AT(real, b);
      real sums[PART][PART];
      for (int i = 0; i < PART; i++) {
        const int at = row + y * PART + i;
        const long from = has_indices && at < m ? AT(int, indices)[at] : at;
        for (int j = 0; j < PART; j++) {
          const int to = column + x * PART + j;
          sums[i][j] = has_start && part == 0 && at < m && to < n ? AT(real, start)[from * start_stride + to] : 0;
        }
      }
      for (int first = begin; first < end; first += DEPTH) {
        for (int i = item; i < DEPTH * TILE; i += SIDE * SIDE) {
          // Neighbouring items read neighbouring elements, whichever way the rows of a lie.
          const int da = a_column == 1 ? i % DEPTH : i / TILE, ra = a_column == 1 ? i / DEPTH : i % TILE;
          const int db = i / TILE, cb = i % TILE;
          slice_a[da][ra] =
              first + da < end && row + ra < m ? from_a[(long)(row + ra) * a_row + (long)(first + da) * a_column] : 0;
          slice_b[db][cb] = first + db < end && column + cb < n ? from_b[(long)(first + db) * b_row + column + cb] : 0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        const int depth = min(DEPTH, end - first);
        for (int d = 0; d < depth; d++) {
          real left[PART], right[PART];
          for (int i = 0; i < PART; i++) left[i] = slice_a[d][y * PART + i];
          for (int j = 0; j < PART; j++) right[j] = slice_b[d][x * PART + j];
          for (int i = 0; i < PART; i++) {
            for (int j = 0; j < PART; j++) sums[i][j] = fma(left[i], right[j], sums[i][j]);
          }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
      }
      __global real *to_c = AT(real, c) + (long)part * m * c_stride;
      for (int i = 0; i < PART; i++) {
        for (int j = 0; j < PART; j++) {
          const int at = row + y * PART + i, to = column + x * PART + j;
          if (at < m && to < n) to_c[(long)at * c_stride + to] = sums[i][j];
        }
      }
    }
    #endif

    // c = the sum of some results of count elements that stand one behind the other.
    __kernel void join_slices(
        const long count, const int slices, const int n, MEMORY(parts), MEMORY(c), const int c_stride) {
      ELEMENT(count);
      __global const real *from = AT(real, parts) + id;
      real sum = from[0];
      for (int i = 1; i < slices; i++) sum += from[i * count];
      AT(real, c)[id / n * c_stride + id % n] = sum;
    }

    #ifdef ROWS
    // As `product`, for processors, whose caches need no local memory: an item computes ROWS rows of WIDTH columns in vectors. Loops
    // over rows are written out, as only then do compilers keep the sums in registers.
    #define WIDTH 16
    #if ROWS == 1
    #define EACH(row) row(0)
    #elif ROWS == 4
    #define EACH(row) row(0) row(1) row(2) row(3)
    #else
    #define EACH(row) row(0) row(1) row(2) row(3) row(4) row(5) row(6) row(7)
    #endif
    #ifdef DOUBLES
    typedef double16 vector;
    #else
    typedef float16 vector;
    #endif

    __kernel void product_in_vectors(
        const int m, const int n, const int k, MEMORY(a), const int a_row, const int a_column, MEMORY(b),
        const int b_row, const int has_start, MEMORY(start), const int start_stride, const int has_indices,
        MEMORY(indices), MEMORY(c), const int c_stride, const int slice) {
      const int strips = (n + WIDTH - 1) / WIDTH, id = get_global_id(0);
      const int row = id / strips * ROWS, column = id % strips * WIDTH;
      if (row >= m) return;
      const int width = min(WIDTH, n - column), rows = min(ROWS, m - row);
      __global const real *from_a = AT(real, a) + (long)row * a_row, *from_b = AT(real, b) + column;
      real part[WIDTH];
      // Rows beyond the last are those of the last again, and not stored.
    #define BEGIN(i)                                                                                      \
      const long step##i = (long)min(i, rows - 1) * a_row;                                                \
      for (int j = 0; j < WIDTH; j++) part[j] = 0;                                                        \
      if (has_start && i < rows) {                                                                        \
        const long from = has_indices ? AT(int, indices)[row + i] : row + i;                              \
        for (int j = 0; j < width; j++) part[j] = AT(real, start)[from * start_stride + column + j];      \
      }                                                                                                   \
      vector sums##i = vload16(0, part);
      EACH(BEGIN)
      for (int d = 0; d < k; d++) {
        vector right;
        if (width == WIDTH) {
          right = vload16(0, from_b + (long)d * b_row);
        } else {
          for (int j = 0; j < WIDTH; j++) part[j] = j < width ? from_b[(long)d * b_row + j] : 0;
          right = vload16(0, part);
        }
        __global const real *left = from_a + (long)d * a_column;
    #define ADD(i) sums##i = fma((vector)left[step##i], right, sums##i);
        EACH(ADD)
      }
      __global real *to = AT(real, c) + (long)row * c_stride + column;
    #define STORE(i)                                                             \
      if (i < rows && width == WIDTH) {                                          \
        vstore16(sums##i, 0, to + (long)i * c_stride);                           \
      } else if (i < rows) {                                                     \
        vstore16(sums##i, 0, part);                                              \
        for (int j = 0; j < width; j++) to[(long)i * c_stride + j] = part[j];    \
      }
      EACH(STORE)
    }
    #endif
    """#
}
