// The tables of this build, one for each scalar type and instruction set. Internal to the target.

#ifndef CSEQUENCEKERNELS_INSTANCES_H
#define CSEQUENCEKERNELS_INSTANCES_H

#include <math.h>
#include <string.h>

#include "../include/CSequenceKernels.h"

#pragma GCC visibility push(hidden)
extern const SKKernels sk_portable_float, sk_portable_double;
extern const SKKernels sk_reproducible_float, sk_reproducible_double;
#if defined(__x86_64__)
extern const SKKernels sk_avx2_float, sk_avx2_double;
extern const SKKernels sk_avx512_float, sk_avx512_vnni_float, sk_avx512_bfloat16_float, sk_avx512_double;
extern const SKKernels sk_amx_float, sk_amx_double;
extern const SKProductFormat sk_avx512_vnni_int8, sk_avx512_bfloat16, sk_amx_bfloat16, sk_amx_split_bfloat16;
#endif
#pragma GCC visibility pop

/// Columns of a panel of floats in vectors of 64 bytes. A table has one panel width in every format, also in those that are
/// compiled apart from it.
enum { WIDE_FLOAT_PANEL = 32 };

/// Writes to C, of `n` columns of float, what a product is added to. Returns whether there is anything.
static inline bool write_start(int64_t m, int64_t n, SKStart start, float *c, int64_t c_row_stride) {
  if (!start.rows) return false;
  for (int64_t i = 0; i < m && start.rows != c; i++) {
    const int64_t row = start.indices ? start.indices[i] : i;
    memcpy(c + i * c_row_stride, (const float *)start.rows + row * start.row_stride, (size_t)n * sizeof *c);
  }
  return true;
}

#endif
