#include "Kernels/Instances.h"

#if defined(__x86_64__)
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

/// Asks Linux, which saves the tile registers only for processes that asked.
static bool may_use_tiles(void) {
  enum { REQUEST_STATE_COMPONENT = 0x1023, TILE_DATA = 18 };
  return syscall(SYS_arch_prctl, REQUEST_STATE_COMPONENT, TILE_DATA) == 0;
}
#else
static bool may_use_tiles(void) { return false; }
#endif
#endif

bool sk_supports(SKInstructionSet set) {
  switch (set) {
    case SKPortable:
    case SKReproducible: return true;
#if defined(__x86_64__)
    // These answer for the operating system too: whether it saves the wide registers.
    case SKAVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case SKAVX512:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
    case SKAMX:
      return sk_supports(SKAVX512) && __builtin_cpu_supports("avx512vnni") &&
             __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("amx-tile") &&
             __builtin_cpu_supports("amx-bf16") && may_use_tiles();
#endif
    default: return false;
  }
}

const char *sk_name(SKInstructionSet set) {
  switch (set) {
    case SKReproducible: return "reproducible";
    case SKPortable: return "portable";
    case SKAVX2: return "avx2";
    case SKAVX512: return "avx512";
    case SKAMX: return "amx";
    case SKInstructionSetCount: break;
  }
  return "unknown";
}

const SKKernels *sk_kernels_float(SKInstructionSet set) {
  if (!sk_supports(set)) return NULL;
  switch (set) {
    case SKReproducible: return &sk_reproducible_float;
    case SKPortable: return &sk_portable_float;
#if defined(__x86_64__)
    case SKAVX2: return &sk_avx2_float;
    case SKAVX512:
      // Processors gained the two in this order.
      if (!__builtin_cpu_supports("avx512vnni")) return &sk_avx512_float;
      return __builtin_cpu_supports("avx512bf16") ? &sk_avx512_bfloat16_float : &sk_avx512_vnni_float;
    case SKAMX: return &sk_amx_float;
#else
    case SKAVX2:
    case SKAVX512:
    case SKAMX:
#endif
    case SKInstructionSetCount: break;
  }
  return NULL;
}

const SKKernels *sk_kernels_double(SKInstructionSet set) {
  if (!sk_supports(set)) return NULL;
  switch (set) {
    case SKReproducible: return &sk_reproducible_double;
    case SKPortable: return &sk_portable_double;
#if defined(__x86_64__)
    case SKAVX2: return &sk_avx2_double;
    case SKAVX512: return &sk_avx512_double;
    case SKAMX: return &sk_amx_double;
#else
    case SKAVX2:
    case SKAVX512:
    case SKAMX:
#endif
    case SKInstructionSetCount: break;
  }
  return NULL;
}

const SKProductFormat *sk_format(const SKKernels *kernels, SKFormat format) { return kernels->formats[format]; }
