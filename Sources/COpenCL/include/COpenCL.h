// The part of OpenCL 1.2 that this package calls, and the loading of its library at run time: nothing is linked, and no
// headers are needed. Names and numbers are those of the Khronos OpenCL specification (unified, version 3.0).

#ifndef COPENCL_H
#define COPENCL_H

#include <stddef.h>
#include <stdint.h>

/// Handles of the library's objects.
typedef struct CLPlatform *CLPlatformID;
typedef struct CLDevice *CLDeviceID;
typedef struct CLContext *CLContextHandle;
typedef struct CLQueue *CLQueueHandle;
typedef struct CLBuffer *CLBufferHandle;
typedef struct CLProgram *CLProgramHandle;
typedef struct CLKernel *CLKernelHandle;

/// Status of a call: 0, or a negative number that names what failed.
typedef int32_t CLStatus;

/// Selectors of what is asked of a platform, a device, a program or a kernel.
enum {
  CLDeviceType = 0x1000,
  CLDeviceMaxComputeUnits = 0x1002,
  CLDeviceMaxWorkGroupSize = 0x1004,
  CLDeviceMaxClockFrequency = 0x100C,
  CLDeviceMaxAllocation = 0x1010,
  CLDeviceGlobalMemory = 0x101F,
  CLDeviceLocalMemory = 0x1023,
  CLDeviceIsAvailable = 0x1027,
  CLDeviceHasCompiler = 0x1028,
  CLDeviceName = 0x102B,
  CLDeviceVendor = 0x102C,
  CLDeviceDriverVersion = 0x102D,
  CLDeviceVersion = 0x102F,
  CLDeviceExtensions = 0x1030,
  CLDeviceDoubleConfiguration = 0x1032,
  CLDeviceMaxSubGroups = 0x105C,

  CLProgramBinarySizes = 0x1165,
  CLProgramBinaries = 0x1166,
  CLProgramBuildLog = 0x1183,
};

/// Bits of `CLDeviceType`.
enum {
  CLDeviceIsCPU = 1 << 1,
  CLDeviceIsGPU = 1 << 2,
  CLDeviceIsAccelerator = 1 << 3,
};

/// Bits of the flags of a buffer.
enum {
  CLBufferReadWrite = 1 << 0,
  CLBufferCopyHost = 1 << 5,
};

/// The functions of the library. An info function writes at most `size` bytes to `value`, and to `size_needed` how many there
/// are; either may be NULL.
typedef struct CLLibrary {
  CLStatus (*get_platform_ids)(uint32_t capacity, CLPlatformID *platforms, uint32_t *count);
  CLStatus (*get_device_ids)(CLPlatformID, uint64_t types, uint32_t capacity, CLDeviceID *devices, uint32_t *count);
  CLStatus (*get_device_info)(CLDeviceID, uint32_t selector, size_t size, void *value, size_t *size_needed);
  CLContextHandle (*create_context)(
      const intptr_t *properties, uint32_t device_count, const CLDeviceID *devices,
      void (*notify)(const char *, const void *, size_t, void *), void *user_data, CLStatus *status);
  CLQueueHandle (*create_queue)(CLContextHandle, CLDeviceID, uint64_t properties, CLStatus *status);
  CLStatus (*flush)(CLQueueHandle);
  CLStatus (*finish)(CLQueueHandle);
  CLBufferHandle (*create_buffer)(CLContextHandle, uint64_t flags, size_t size, void *host, CLStatus *status);
  CLStatus (*release_buffer)(CLBufferHandle);
  CLStatus (*read_buffer)(
      CLQueueHandle, CLBufferHandle, uint32_t blocking, size_t offset, size_t size, void *host, uint32_t wait_count,
      const void *wait_list, void *event);
  CLStatus (*write_buffer)(
      CLQueueHandle, CLBufferHandle, uint32_t blocking, size_t offset, size_t size, const void *host,
      uint32_t wait_count, const void *wait_list, void *event);
  CLProgramHandle (*create_program_with_source)(
      CLContextHandle, uint32_t count, const char **sources, const size_t *lengths, CLStatus *status);
  CLProgramHandle (*create_program_with_binary)(
      CLContextHandle, uint32_t device_count, const CLDeviceID *devices, const size_t *lengths,
      const unsigned char **binaries, CLStatus *statuses, CLStatus *status);
  CLStatus (*build_program)(
      CLProgramHandle, uint32_t device_count, const CLDeviceID *devices, const char *options,
      void (*notify)(CLProgramHandle, void *), void *user_data);
  CLStatus (*release_program)(CLProgramHandle);
  CLStatus (*get_program_info)(CLProgramHandle, uint32_t selector, size_t size, void *value, size_t *size_needed);
  CLStatus (*get_program_build_info)(
      CLProgramHandle, CLDeviceID, uint32_t selector, size_t size, void *value, size_t *size_needed);
  CLKernelHandle (*create_kernel)(CLProgramHandle, const char *name, CLStatus *status);
  CLStatus (*set_kernel_argument)(CLKernelHandle, uint32_t index, size_t size, const void *value);
  CLStatus (*enqueue_kernel)(
      CLQueueHandle, CLKernelHandle, uint32_t dimensions, const size_t *global_offset, const size_t *global_size,
      const size_t *local_size, uint32_t wait_count, const void *wait_list, void *event);
} CLLibrary;

typedef enum CLLoadResult {
  CLLoaded,
  /// There is no such library, or the system cannot load it.
  CLLibraryMissing,
  /// The library lacks one of the functions.
  CLFunctionMissing,
} CLLoadResult;

/// Loads the library at a path, or by a name that the system's loader looks for; it stays loaded.
///
/// - Parameter missing: set to the name of the function that the library lacks.
CLLoadResult cl_load(const char *path, CLLibrary *library, const char **missing);

#endif
