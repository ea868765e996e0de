// The portable kernels without fused multiply-adds, where the portable instance has them.
#if defined(__aarch64__)

#include "Kernels/Instances.h"

#define SCALAR_IS_FLOAT 0
#define VECTOR_BYTES 16
#define MAXIMUM_ROWS 6
#define HAS_FMA 0

#include "Kernels/Instance.inc"

const SKKernels sk_reproducible_double = KERNEL_TABLE("reproducible");

#endif
