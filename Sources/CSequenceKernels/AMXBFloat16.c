// Products of bfloat16 tiles on processors with AMX.

#if defined(__x86_64__)

#include <immintrin.h>

#include "Kernels/Instances.h"

#pragma clang attribute push( \
    __attribute__((target("amx-tile,amx-bf16,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16"))), apply_to = function)

#include "Kernels/BFloat16.inc"

// Tile registers 0 to 3 hold C (two by two), 4 and 5 hold A, 6 and 7 hold B.

typedef struct TileConfiguration {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} TileConfiguration;

/// The registers belong to the thread, and nobody else may count on them.
static void prepare(int64_t top, int64_t bottom) {
  TileConfiguration configuration = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    configuration.row_bytes[tile] = 64;
    const bool is_lower = tile == 2 || tile == 3 || tile == 5;
    configuration.rows[tile] = (uint8_t)(tile >= 6 ? TILE_ROWS : is_lower ? bottom : top);
  }
  _tile_loadconfig(&configuration);
}

static void finish(void) { _tile_release(); }

static void multiply_tiles(Block block) {
  const int64_t stride = block.c_row_stride * (int64_t)sizeof(float);
  float *top = block.c, *bottom = block.c + block.top * block.c_row_stride;
  const Tile *a = block.a, *lower_a = block.a + block.a_stride, *b = block.b;
  if (block.add) {
    _tile_loadd(0, top, stride);
    if (block.whole_panel) _tile_loadd(1, top + TILE_ROWS, stride);
    if (block.two_tiles) _tile_loadd(2, bottom, stride);
    if (block.two_tiles && block.whole_panel) _tile_loadd(3, bottom + TILE_ROWS, stride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  if (block.two_tiles && block.whole_panel) {
    for (int64_t d = 0; d < block.depth; d++) {
      _tile_loadd(4, a + d, 64);
      _tile_loadd(6, b + 2 * d, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, b + 2 * d + 1, 64);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, lower_a + d, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  } else {
    for (int64_t d = 0; d < block.depth; d++) {
      _tile_loadd(4, a + d, 64);
      _tile_loadd(6, b + 2 * d, 64);
      _tile_dpbf16ps(0, 4, 6);
      if (block.two_tiles) {
        _tile_loadd(5, lower_a + d, 64);
        _tile_dpbf16ps(2, 5, 6);
      }
      if (block.whole_panel) {
        _tile_loadd(7, b + 2 * d + 1, 64);
        _tile_dpbf16ps(1, 4, 7);
      }
    }
  }
  _tile_stored(0, top, stride);
  if (block.whole_panel) _tile_stored(1, top + TILE_ROWS, stride);
  if (block.two_tiles) _tile_stored(2, bottom, stride);
  if (block.two_tiles && block.whole_panel) _tile_stored(3, bottom + TILE_ROWS, stride);
}

const SKProductFormat sk_amx_bfloat16 = {packed_bytes, pack, product};

#pragma clang attribute pop

#endif
