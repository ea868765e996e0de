// Products of 8-bit integers on processors with AVX512-VNNI.

#if defined(__x86_64__)

#include <immintrin.h>

#include "Kernels/Instances.h"

typedef float Scalar;
typedef int32_t Bits;

#define SCALAR_IS_FLOAT 1
#define VECTOR_BYTES 64
#define HAS_FMA 1
#define MAXIMUM_ROWS 14
#define HAS_VNNI 1

#pragma STDC FP_CONTRACT OFF

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,fma"))), apply_to = function)
#include "Kernels/Vectors.inc"
#include "Kernels/Panels.inc"
#include "Kernels/Int8.inc"
#pragma clang attribute pop

_Static_assert(PANEL == WIDE_FLOAT_PANEL, "a table has one panel width in every format");

const SKProductFormat sk_avx512_vnni_int8 = {int8_packed_bytes, int8_pack, int8_product};

#endif
