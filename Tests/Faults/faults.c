// Interposes the system calls on files of a program that is started with LD_PRELOAD, and makes one of them fail.
//
// FAULT_CALL    number of the faulty call, counted from 1; 0 for none
// FAULT_KIND    enospc, eio, emfile: the call fails so; full: it and all later calls that take room fail with ENOSPC;
//               short: a read or write moves one byte; interrupted: the call fails with EINTR; kill: the process is killed
// FAULT_COUNT   file that the number of calls is written to at the end
//
// Calls on paths in the working directory count, and calls on descriptors that were opened so.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIND_NONE, KIND_CODE, KIND_FULL, KIND_SHORT, KIND_INTERRUPTED, KIND_KILL };
static int kind, code;
static long faulty_call;
static atomic_long calls;
static atomic_bool ours[1024];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *call = getenv("FAULT_CALL"), *text = getenv("FAULT_KIND");
  faulty_call = call ? atol(call) : 0;
  if (!text) return;
  kind = KIND_CODE;
  if (!strcmp(text, "enospc")) code = ENOSPC;
  else if (!strcmp(text, "eio")) code = EIO;
  else if (!strcmp(text, "emfile")) code = EMFILE;
  else if (!strcmp(text, "full")) kind = KIND_FULL;
  else if (!strcmp(text, "short")) kind = KIND_SHORT;
  else if (!strcmp(text, "interrupted")) kind = KIND_INTERRUPTED;
  else if (!strcmp(text, "kill")) kind = KIND_KILL;
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("FAULT_COUNT");
  if (!path) return;
  char text[32];
  int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
  int descriptor = REAL(open)(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (descriptor < 0 || REAL(write)(descriptor, text, length) != length) abort();
  REAL(close)(descriptor);
}

static int is_ours(const char *path) { return path[0] != '/'; }
static int is_own(int descriptor) { return descriptor >= 0 && descriptor < 1024 && atomic_load(&ours[descriptor]); }

// Counts a call. Returns whether it is to fail, with errno set; *is_short whether it is to be cut short.
static int fails(int takes_room, int can_wait, int *is_short) {
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (is_short) *is_short = 0;
  int now = number == faulty_call;
  switch (kind) {
  case KIND_CODE: if (now) { errno = code; return 1; } break;
  case KIND_FULL: if (faulty_call && number >= faulty_call && takes_room) { errno = ENOSPC; return 1; } break;
  case KIND_SHORT: if (now && is_short) *is_short = 1; break;
  case KIND_INTERRUPTED: if (now && can_wait) { errno = EINTR; return 1; } break;
  case KIND_KILL: if (now) raise(SIGKILL); break;
  default: break;
  }
  return 0;
}

static int open_counted(const char *path, int flags, mode_t mode) {
  int counts = is_ours(path);
  if (counts && fails(flags & O_CREAT, 1, NULL)) return -1;
  int descriptor = REAL(open)(path, flags, mode);
  if (descriptor >= 0 && descriptor < 1024) atomic_store(&ours[descriptor], counts);
  return descriptor;
}

#define OPEN(name)                                                       \
  int name(const char *path, int flags, ...) {                           \
    va_list list;                                                        \
    va_start(list, flags);                                               \
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;            \
    va_end(list);                                                        \
    return open_counted(path, flags, mode);                              \
  }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
  int counts = is_own(descriptor);
  if (counts) atomic_store(&ours[descriptor], 0);
  int result = REAL(close)(descriptor);
  return counts && fails(0, 0, NULL) ? -1 : result;
}

#define TRANSFER(name, room, parameters, arguments, shorter)             \
  ssize_t name parameters {                                              \
    int is_short = 0;                                                    \
    if (is_own(descriptor)) {                                            \
      if (fails(room, 1, &is_short)) return -1;                          \
      if (is_short && size > 1) return REAL(name) shorter;               \
    }                                                                    \
    return REAL(name) arguments;                                         \
  }
TRANSFER(read, 0, (int descriptor, void *data, size_t size), (descriptor, data, size), (descriptor, data, 1))
TRANSFER(write, 1, (int descriptor, const void *data, size_t size), (descriptor, data, size), (descriptor, data, 1))
TRANSFER(pwrite, 1, (int descriptor, const void *data, size_t size, off_t at), (descriptor, data, size, at),
         (descriptor, data, 1, at))
TRANSFER(pwrite64, 1, (int descriptor, const void *data, size_t size, off64_t at), (descriptor, data, size, at),
         (descriptor, data, 1, at))

#define ON_PATH(name, room, parameters, arguments)                       \
  int name parameters {                                                  \
    if (is_ours(path) && fails(room, 0, NULL)) return -1;                \
    return REAL(name) arguments;                                         \
  }
ON_PATH(stat, 0, (const char *path, struct stat *result), (path, result))
ON_PATH(stat64, 0, (const char *path, struct stat64 *result), (path, result))
ON_PATH(unlink, 0, (const char *path), (path))
ON_PATH(mkdir, 1, (const char *path, mode_t mode), (path, mode))
ON_PATH(rename, 0, (const char *path, const char *new_path), (path, new_path))
ON_PATH(link, 1, (const char *path, const char *new_path), (path, new_path))

#define ON_DESCRIPTOR(name, room, wait, parameters, arguments)           \
  int name parameters {                                                  \
    if (is_own(descriptor) && fails(room, wait, NULL)) return -1;        \
    return REAL(name) arguments;                                         \
  }
ON_DESCRIPTOR(fstat, 0, 0, (int descriptor, struct stat *result), (descriptor, result))
ON_DESCRIPTOR(fstat64, 0, 0, (int descriptor, struct stat64 *result), (descriptor, result))
ON_DESCRIPTOR(fsync, 0, 1, (int descriptor), (descriptor))
ON_DESCRIPTOR(flock, 0, 1, (int descriptor, int operation), (descriptor, operation))

// These return the error instead of setting errno.
int posix_fallocate(int descriptor, off_t offset, off_t length) {
  if (is_own(descriptor) && fails(1, 1, NULL)) return errno;
  return REAL(posix_fallocate)(descriptor, offset, length);
}
int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
  if (is_own(descriptor) && fails(1, 1, NULL)) return errno;
  return REAL(posix_fallocate64)(descriptor, offset, length);
}

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
  if (is_own(descriptor) && fails(0, 0, NULL)) return MAP_FAILED;
  return REAL(mmap)(address, size, protection, flags, descriptor, offset);
}

DIR *opendir(const char *path) {
  if (is_ours(path) && fails(0, 0, NULL)) return NULL;
  return REAL(opendir)(path);
}
