#include "Kernels/Instances.h"

bool sk_supports(SKInstructionSet set) {
  switch (set) {
    case SKPortable: return true;
#if defined(__x86_64__)
    // These answer for the operating system too: whether it saves the wide registers.
    case SKAVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case SKAVX512:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
#endif
    default: return false;
  }
}

const char *sk_name(SKInstructionSet set) {
  switch (set) {
    case SKPortable: return "portable";
    case SKAVX2: return "avx2";
    case SKAVX512: return "avx512";
  }
  return "unknown";
}

const SKKernels *sk_kernels_float(SKInstructionSet set) {
  if (!sk_supports(set)) return NULL;
#if defined(__x86_64__)
  if (set == SKAVX2) return &sk_avx2_float;
  if (set == SKAVX512) return &sk_avx512_float;
#endif
  return &sk_portable_float;
}

const SKProductFormat *sk_format(const SKKernels *kernels, SKFormat format) { return kernels->formats[format]; }

const SKKernels *sk_kernels_double(SKInstructionSet set) {
  if (!sk_supports(set)) return NULL;
#if defined(__x86_64__)
  if (set == SKAVX2) return &sk_avx2_double;
  if (set == SKAVX512) return &sk_avx512_double;
#endif
  return &sk_portable_double;
}
