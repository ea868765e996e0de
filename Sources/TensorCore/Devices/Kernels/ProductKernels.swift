extension KernelSource {
  /// Matrix products. A work group computes a tile of the result: 8 x 8 items, each 4 x 4 elements. Slices of both operands go
  /// through local memory, DEPTH of k at a time. Each element is a chain of multiply-adds over k, in order.
  static let productsText = #"""
    #define SIDE 8
    #define PART 4
    #define TILE (SIDE * PART)
    #define DEPTH 16

    // c = start + a * b. The element (i, j) of a is a[i * a_row + j * a_column], likewise of b. The start is row i of its
    // rows, or the row that index i names.
    __kernel void product(
        const int m, const int n, const int k, MEMORY(a), const int a_row, const int a_column, MEMORY(b),
        const int b_row, const int b_column, const int has_start, MEMORY(start), const int start_stride,
        const int has_indices, MEMORY(indices), MEMORY(c), const int c_stride) {
      __local real slice_a[DEPTH][TILE];
      __local real slice_b[DEPTH][TILE];
      const int item = get_local_id(0), x = item % SIDE, y = item / SIDE;
      const int tiles = (n + TILE - 1) / TILE, group = get_group_id(0);
      const int row = group / tiles * TILE, column = group % tiles * TILE;
      __global const real *from_a = AT(real, a), *from_b = AT(real, b);
      real sums[PART][PART];
      for (int i = 0; i < PART; i++) {
        const int at = row + y * PART + i;
        const long from = has_indices && at < m ? AT(int, indices)[at] : at;
        for (int j = 0; j < PART; j++) {
          const int to = column + x * PART + j;
          sums[i][j] = has_start && at < m && to < n ? AT(real, start)[from * start_stride + to] : 0;
        }
      }
      for (int first = 0; first < k; first += DEPTH) {
        for (int i = item; i < DEPTH * TILE; i += SIDE * SIDE) {
          // Neighbouring items read neighbouring elements, whichever way the operands lie.
          const int da = a_column == 1 ? i % DEPTH : i / TILE, ra = a_column == 1 ? i / DEPTH : i % TILE;
          const int db = b_column == 1 ? i / TILE : i % DEPTH, cb = b_column == 1 ? i % TILE : i / DEPTH;
          slice_a[da][ra] =
              first + da < k && row + ra < m ? from_a[(long)(row + ra) * a_row + (long)(first + da) * a_column] : 0;
          slice_b[db][cb] = first + db < k && column + cb < n
              ? from_b[(long)(first + db) * b_row + (long)(column + cb) * b_column] : 0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        const int depth = min(DEPTH, k - first);
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
      for (int i = 0; i < PART; i++) {
        for (int j = 0; j < PART; j++) {
          const int at = row + y * PART + i, to = column + x * PART + j;
          if (at < m && to < n) AT(real, c)[(long)at * c_stride + to] = sums[i][j];
        }
      }
    }

    // As `product`, for processors, whose caches need no local memory: an item computes ROWS rows of WIDTH columns in vectors.
    // Operands may lie in any way, but only rows of b that lie row by row are read as vectors.
    #define ROWS 4
    #define WIDTH 16
    #ifdef DOUBLES
    typedef double16 vector;
    #else
    typedef float16 vector;
    #endif

    __kernel void product_in_vectors(
        const int m, const int n, const int k, MEMORY(a), const int a_row, const int a_column, MEMORY(b),
        const int b_row, const int has_start, MEMORY(start), const int start_stride, const int has_indices,
        MEMORY(indices), MEMORY(c), const int c_stride) {
      const int strips = (n + WIDTH - 1) / WIDTH, id = get_global_id(0);
      const int row = id / strips * ROWS, column = id % strips * WIDTH;
      if (row >= m) return;
      const int width = min(WIDTH, n - column), rows = min(ROWS, m - row);
      __global const real *from_a = AT(real, a) + (long)row * a_row, *from_b = AT(real, b) + column;
      real part[WIDTH];
      vector sums[ROWS];
      for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < WIDTH; j++) part[j] = 0;
        if (has_start && i < rows) {
          const long from = has_indices ? AT(int, indices)[row + i] : row + i;
          for (int j = 0; j < width; j++) part[j] = AT(real, start)[from * start_stride + column + j];
        }
        sums[i] = vload16(0, part);
      }
      // Rows beyond the last are those of the last again, and not stored.
      const long step1 = (long)min(1, rows - 1) * a_row, step2 = (long)min(2, rows - 1) * a_row;
      const long step3 = (long)min(3, rows - 1) * a_row;
      for (int d = 0; d < k; d++) {
        vector right;
        if (width == WIDTH) {
          right = vload16(0, from_b + (long)d * b_row);
        } else {
          for (int j = 0; j < WIDTH; j++) part[j] = j < width ? from_b[(long)d * b_row + j] : 0;
          right = vload16(0, part);
        }
        __global const real *left = from_a + (long)d * a_column;
        sums[0] = fma((vector)left[0], right, sums[0]);
        sums[1] = fma((vector)left[step1], right, sums[1]);
        sums[2] = fma((vector)left[step2], right, sums[2]);
        sums[3] = fma((vector)left[step3], right, sums[3]);
      }
      __global real *to = AT(real, c) + (long)row * c_stride + column;
      for (int i = 0; i < rows; i++) {
        if (width == WIDTH) {
          vstore16(sums[i], 0, to + (long)i * c_stride);
        } else {
          vstore16(sums[i], 0, part);
          for (int j = 0; j < width; j++) to[(long)i * c_stride + j] = part[j];
        }
      }
    }
    """#
}
