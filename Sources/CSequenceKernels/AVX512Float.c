#if defined(__x86_64__)

#include "Kernels/Instances.h"

#define SCALAR_IS_FLOAT 1
#define VECTOR_BYTES 64
#define HAS_FMA 1
#define MAXIMUM_ROWS 14

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), apply_to = function)
#include "Kernels/Instance.inc"

_Static_assert(PANEL == WIDE_FLOAT_PANEL, "a table has one panel width in every format");

const SKKernels sk_avx512_float = KERNEL_TABLE("avx512");
const SKKernels sk_avx512_vnni_float = KERNEL_TABLE("avx512", .formats[SKFormatInt8Weights] = &sk_avx512_vnni_int8);
const SKKernels sk_avx512_bfloat16_float = KERNEL_TABLE(
    "avx512", .formats[SKFormatBFloat16] = &sk_avx512_bfloat16,
    .formats[SKFormatInt8Weights] = &sk_avx512_vnni_int8);
const SKKernels sk_amx_float = KERNEL_TABLE(
    "amx", .formats[SKFormatBFloat16] = &sk_amx_bfloat16, .formats[SKFormatInt8Weights] = &sk_avx512_vnni_int8,
    .formats[SKFormatSplitBFloat16] = &sk_amx_split_bfloat16);

#pragma clang attribute pop

#endif
