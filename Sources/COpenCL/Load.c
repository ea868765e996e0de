#include <dlfcn.h>

#include "COpenCL.h"

typedef struct Entry {
  const char *name;
  size_t offset;
} Entry;

#define ENTRY(field, name) {name, offsetof(CLLibrary, field)}

static const Entry entries[] = {
    ENTRY(get_platform_ids, "clGetPlatformIDs"),
    ENTRY(get_device_ids, "clGetDeviceIDs"),
    ENTRY(get_device_info, "clGetDeviceInfo"),
    ENTRY(create_context, "clCreateContext"),
    // Deprecated since 2.0, but the one that every version has.
    ENTRY(create_queue, "clCreateCommandQueue"),
    ENTRY(flush, "clFlush"),
    ENTRY(finish, "clFinish"),
    ENTRY(create_buffer, "clCreateBuffer"),
    ENTRY(release_buffer, "clReleaseMemObject"),
    ENTRY(read_buffer, "clEnqueueReadBuffer"),
    ENTRY(write_buffer, "clEnqueueWriteBuffer"),
    ENTRY(create_program_with_source, "clCreateProgramWithSource"),
    ENTRY(create_program_with_binary, "clCreateProgramWithBinary"),
    ENTRY(build_program, "clBuildProgram"),
    ENTRY(release_program, "clReleaseProgram"),
    ENTRY(get_program_info, "clGetProgramInfo"),
    ENTRY(get_program_build_info, "clGetProgramBuildInfo"),
    ENTRY(create_kernel, "clCreateKernel"),
    ENTRY(set_kernel_argument, "clSetKernelArg"),
    ENTRY(enqueue_kernel, "clEnqueueNDRangeKernel"),
};

_Static_assert(sizeof(entries) / sizeof(Entry) == sizeof(CLLibrary) / sizeof(void *), "an entry for each function");

CLLoadResult cl_load(const char *path, CLLibrary *library, const char **missing) {
  // Never closed: drivers do not stand being unloaded.
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return CLLibraryMissing;
  for (size_t index = 0; index < sizeof(entries) / sizeof(Entry); index++) {
    void *function = dlsym(handle, entries[index].name);
    if (!function) {
      *missing = entries[index].name;
      return CLFunctionMissing;
    }
    *(void **)((char *)library + entries[index].offset) = function;
  }
  return CLLoaded;
}
