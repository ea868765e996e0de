#if defined(__x86_64__)

#include "Kernels/Instances.h"

#define SCALAR_IS_FLOAT 0
#define VECTOR_BYTES 64
#define HAS_FMA 1
#define MAXIMUM_ROWS 14

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), apply_to = function)
#include "Kernels/Instance.inc"

const SKKernels sk_avx512_double = KERNEL_TABLE("avx512");
const SKKernels sk_amx_double = KERNEL_TABLE("amx");

#pragma clang attribute pop

#endif
