// A stand-in for the driver of a graphics processor, with one device that computes nothing: buffers hold zeros, kernels are not
// run. Call number FAIL_AT (from 1) fails with the status FAIL_STATUS, and so does every later one where FAIL_ON is set, as those of
// a lost device do. Where FAIL_BUILD is set, no program is built. The number of calls is written to the file CALLS, and to the file LAUNCHES a line for
// each kind of launch: how many there were, the items of one, the kernel, and those of its first six arguments that are 32-bit.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t Status;

static long calls;

enum { ARGUMENTS = 6, KINDS = 4096 };

typedef struct Launch {
  char name[64];
  int32_t arguments[ARGUMENTS];
  size_t items;
  long count;
} Launch;

static Launch launches[KINDS];
static int kinds;

static void note(Launch launch, size_t items) {
  launch.items = items;
  int kind = 0;
  while (kind < kinds && (strcmp(launches[kind].name, launch.name) != 0 || launches[kind].items != items ||
                          memcmp(launches[kind].arguments, launch.arguments, sizeof launch.arguments) != 0)) {
    kind++;
  }
  if (kind == KINDS) return;
  if (kind == kinds) launches[kinds++] = launch;
  launches[kind].count++;
}

__attribute__((destructor)) static void write_counts(void) {
  const char *path = getenv("CALLS");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (file) {
    fprintf(file, "%ld\n", calls);
    fclose(file);
  }
  path = getenv("LAUNCHES");
  file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  for (int kind = 0; kind < kinds; kind++) {
    fprintf(file, "%ld %zu %s", launches[kind].count, launches[kind].items, launches[kind].name);
    for (int index = 0; index < ARGUMENTS; index++) fprintf(file, " %d", launches[kind].arguments[index]);
    fputc('\n', file);
  }
  fclose(file);
}

/// Counts a call; whether it fails.
static int fails(void) {
  calls++;
  const char *at = getenv("FAIL_AT");
  if (!at) return 0;
  const long chosen = atol(at);
  return calls == chosen || (getenv("FAIL_ON") && calls > chosen);
}

static Status failure(void) {
  const char *status = getenv("FAIL_STATUS");
  return status ? atoi(status) : -5;
}

#define CALL() \
  if (fails()) return failure()
#define CREATE(object)              \
  if (fails()) {                    \
    if (status) *status = failure();\
    return NULL;                    \
  }                                 \
  if (status) *status = 0;          \
  return object

static int things[8];

static Status answer(const void *value, size_t length, size_t size, void *target, size_t *needed) {
  if (needed) *needed = length;
  if (target) {
    if (size < length) return -30;
    memcpy(target, value, length);
  }
  return 0;
}

Status clGetPlatformIDs(uint32_t capacity, void **platforms, uint32_t *count) {
  CALL();
  if (count) *count = 1;
  if (platforms && capacity > 0) platforms[0] = &things[0];
  return 0;
}

Status clGetDeviceIDs(void *platform, uint64_t types, uint32_t capacity, void **devices, uint32_t *count) {
  (void)platform, (void)types;
  CALL();
  if (count) *count = 1;
  if (devices && capacity > 0) devices[0] = &things[1];
  return 0;
}

Status clGetDeviceInfo(void *device, uint32_t selector, size_t size, void *value, size_t *needed) {
  (void)device;
  CALL();
  const uint64_t memory = 1 << 30, local = 32768, group = 256, gpu = 1 << 2, one = 1;
  const uint32_t yes = 1, units = 8;
  switch (selector) {
    case 0x1000: return answer(&gpu, 8, size, value, needed);
    case 0x1002: return answer(&units, 4, size, value, needed);
    case 0x1004: return answer(&group, 8, size, value, needed);
    case 0x1010:
    case 0x101F: return answer(&memory, 8, size, value, needed);
    case 0x1023: return answer(&local, 8, size, value, needed);
    case 0x1027:
    case 0x1028: return answer(&yes, 4, size, value, needed);
    case 0x1032: return answer(&one, 8, size, value, needed);
    case 0x100C:
    case 0x105C: return answer(&units, 4, size, value, needed);
    default: return answer("stand-in", 9, size, value, needed);
  }
}

void *clCreateContext(
    const intptr_t *properties, uint32_t count, void **devices, void *notify, void *data, Status *status) {
  (void)properties, (void)count, (void)devices, (void)notify, (void)data;
  CREATE(&things[2]);
}

void *clCreateCommandQueue(void *context, void *device, uint64_t properties, Status *status) {
  (void)context, (void)device, (void)properties;
  CREATE(&things[3]);
}

Status clFlush(void *queue) {
  (void)queue;
  CALL();
  return 0;
}

Status clFinish(void *queue) {
  (void)queue;
  CALL();
  return 0;
}

void *clCreateBuffer(void *context, uint64_t flags, size_t size, void *host, Status *status) {
  (void)context, (void)flags, (void)host;
  CREATE(calloc(size, 1));
}

Status clReleaseMemObject(void *buffer) {
  CALL();
  free(buffer);
  return 0;
}

Status clEnqueueReadBuffer(
    void *queue, void *buffer, uint32_t blocking, size_t offset, size_t size, void *host, uint32_t count,
    const void *list, void *event) {
  (void)queue, (void)blocking, (void)count, (void)list, (void)event;
  CALL();
  memcpy(host, (char *)buffer + offset, size);
  return 0;
}

Status clEnqueueWriteBuffer(
    void *queue, void *buffer, uint32_t blocking, size_t offset, size_t size, const void *host, uint32_t count,
    const void *list, void *event) {
  (void)queue, (void)blocking, (void)count, (void)list, (void)event;
  CALL();
  memcpy((char *)buffer + offset, host, size);
  return 0;
}

void *clCreateProgramWithSource(
    void *context, uint32_t count, const char **sources, const size_t *lengths, Status *status) {
  (void)context, (void)count, (void)sources, (void)lengths;
  CREATE(&things[4]);
}

void *clCreateProgramWithBinary(
    void *context, uint32_t count, void **devices, const size_t *lengths, const unsigned char **binaries,
    Status *statuses, Status *status) {
  (void)context, (void)count, (void)devices, (void)lengths, (void)binaries;
  if (statuses) statuses[0] = 0;
  CREATE(&things[4]);
}

Status clBuildProgram(
    void *program, uint32_t count, void **devices, const char *options, void *notify, void *data) {
  (void)program, (void)count, (void)devices, (void)options, (void)notify, (void)data;
  CALL();
  return getenv("FAIL_BUILD") ? -11 : 0;
}

Status clReleaseProgram(void *program) {
  (void)program;
  CALL();
  return 0;
}

Status clGetProgramInfo(void *program, uint32_t selector, size_t size, void *value, size_t *needed) {
  (void)program;
  CALL();
  const size_t length = 8;
  if (selector == 0x1165) return answer(&length, sizeof length, size, value, needed);
  if (value) memcpy(*(void **)value, "compiled", 8);
  return 0;
}

Status clGetProgramBuildInfo(
    void *program, void *device, uint32_t selector, size_t size, void *value, size_t *needed) {
  (void)program, (void)device, (void)selector;
  CALL();
  return answer("kernel.cl:1:1: error: out of registers", 39, size, value, needed);
}

void *clCreateKernel(void *program, const char *name, Status *status) {
  (void)program;
  Launch *kernel = calloc(1, sizeof *kernel);
  strncpy(kernel->name, name, sizeof kernel->name - 1);
  CREATE(kernel);
}

Status clSetKernelArg(void *kernel, uint32_t index, size_t size, const void *value) {
  CALL();
  int32_t *argument = index < ARGUMENTS ? &((Launch *)kernel)->arguments[index] : NULL;
  if (argument && size == sizeof *argument && value) memcpy(argument, value, size);
  return 0;
}

Status clEnqueueNDRangeKernel(
    void *queue, void *kernel, uint32_t dimensions, const size_t *offset, const size_t *global, const size_t *local,
    uint32_t count, const void *list, void *event) {
  (void)queue, (void)dimensions, (void)offset, (void)local, (void)count, (void)list, (void)event;
  CALL();
  if (getenv("LAUNCHES")) note(*(Launch *)kernel, global[0]);
  return 0;
}
