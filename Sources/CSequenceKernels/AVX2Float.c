#if defined(__x86_64__)

#include "Kernels/Instances.h"

#define SCALAR_IS_FLOAT 1
#define VECTOR_BYTES 32
#define HAS_FMA 1
#define MAXIMUM_ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Kernels/Instance.inc"

const SKKernels sk_avx2_float = KERNEL_TABLE("avx2");
#pragma clang attribute pop

#endif
