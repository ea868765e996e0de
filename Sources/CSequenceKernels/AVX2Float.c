#if defined(__x86_64__)

#include "Kernels/Instances.h"

#define INSTANCE sk_avx2_float
#define INSTANCE_NAME "avx2"
#define SCALAR_IS_FLOAT 1
#define VECTOR_BYTES 32
#define HAS_FMA 1
#define MAXIMUM_ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Kernels/Instance.inc"
#pragma clang attribute pop

#endif
