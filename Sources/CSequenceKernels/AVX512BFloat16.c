// Products of bfloat16 tiles on processors with AVX512-BF16.

#if defined(__x86_64__)

#include <immintrin.h>

#include "Kernels/Instances.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16"))), apply_to = function)

#define SPLIT 1
#include "Kernels/BFloat16.inc"

static void prepare(int64_t top, int64_t bottom) { (void)top, (void)bottom; }
static void finish(void) {}

enum { BLOCK_ROWS = 8 };

/// Up to eight rows by a panel. The rows of A beyond `rows` are there, and zero.
static void multiply_rows(int64_t rows, const Block *block, const uint16_t *a, float *c) {
  __m512 sums[BLOCK_ROWS][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < BLOCK_ROWS; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (int64_t d = 0; d < block->depth; d++, a += TILE_ROWS * TILE_DEPTH) {
    for (int p = 0; p < TILE_DEPTH; p += 2) {
      const __m512bh left = (__m512bh)_mm512_loadu_si512(block->b[2 * d] + p * TILE_ROWS);
      const __m512bh right = (__m512bh)_mm512_loadu_si512(block->b[2 * d + 1] + p * TILE_ROWS);
#pragma clang loop unroll(full)
      for (int r = 0; r < BLOCK_ROWS; r++) {
        int32_t pair;
        memcpy(&pair, a + r * TILE_DEPTH + p, sizeof pair);
        const __m512bh element = (__m512bh)_mm512_set1_epi32(pair);
        sums[r][0] = _mm512_dpbf16_ps(sums[r][0], element, left);
        sums[r][1] = _mm512_dpbf16_ps(sums[r][1], element, right);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < BLOCK_ROWS; r++) {
    if (r >= rows) break;
    float *out = c + r * block->c_row_stride;
    const __m512 left = block->add ? _mm512_add_ps(_mm512_loadu_ps(out), sums[r][0]) : sums[r][0];
    _mm512_storeu_ps(out, left);
    if (!block->whole_panel) continue;
    const __m512 right = block->add ? _mm512_add_ps(_mm512_loadu_ps(out + 16), sums[r][1]) : sums[r][1];
    _mm512_storeu_ps(out + 16, right);
  }
}

static void multiply_tiles(Block block) {
  for (int tile = 0; tile <= block.two_tiles; tile++) {
    const uint16_t *a = block.a[tile * block.a_stride];
    float *c = block.c + tile * block.top * block.c_row_stride;
    const int64_t height = tile == 0 ? block.top : block.bottom;
    for (int64_t row = 0; row < height; row += BLOCK_ROWS) {
      const int64_t rows = smaller(BLOCK_ROWS, height - row);
      multiply_rows(rows, &block, a + row * TILE_DEPTH, c + row * block.c_row_stride);
    }
  }
}

const SKProductFormat sk_avx512_bfloat16 = {packed_bytes, pack, product};

#pragma clang attribute pop

#endif
