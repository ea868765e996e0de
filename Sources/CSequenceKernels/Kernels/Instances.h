// The tables of this build, one for each scalar type and instruction set. Internal to the target.

#ifndef CSEQUENCEKERNELS_INSTANCES_H
#define CSEQUENCEKERNELS_INSTANCES_H

#include <math.h>
#include <string.h>

#include "../include/CSequenceKernels.h"

#pragma GCC visibility push(hidden)
extern const SKKernels sk_portable_float, sk_portable_double;
#if defined(__x86_64__)
extern const SKKernels sk_avx2_float, sk_avx2_double;
extern const SKKernels sk_avx512_float, sk_avx512_vnni_float, sk_avx512_bfloat16_float, sk_avx512_double;
extern const SKKernels sk_amx_float, sk_amx_double;
extern const SKProductFormat sk_avx512_vnni_int8, sk_avx512_bfloat16, sk_amx_bfloat16;
#endif
#pragma GCC visibility pop

#endif
