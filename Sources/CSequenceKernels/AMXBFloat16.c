// Products of bfloat16 tiles on processors with AMX.

#if defined(__x86_64__)

#include <immintrin.h>

#include "Kernels/Instances.h"

#pragma clang attribute push( \
    __attribute__((target("amx-tile,amx-bf16,avx512f,avx512vl,avx512bw,avx512dq,avx512bf16"))), apply_to = function)

#define SPLIT 1
#include "Kernels/BFloat16.inc"
#include "Kernels/AMXTiles.inc"

const SKProductFormat sk_amx_bfloat16 = {packed_bytes, pack, product};

#pragma clang attribute pop

#endif
