// The baseline of the target: 16-byte vectors, as every x86-64 and arm64 processor has.

#include "Kernels/Instances.h"

#define SCALAR_IS_FLOAT 1
#define VECTOR_BYTES 16
#define MAXIMUM_ROWS 6
#if defined(__aarch64__)
#define HAS_FMA 1
#else
#define HAS_FMA 0
#endif

#include "Kernels/Instance.inc"

const SKKernels sk_portable_float = KERNEL_TABLE("portable");
#if !HAS_FMA
const SKKernels sk_reproducible_float = KERNEL_TABLE("reproducible");
#endif
