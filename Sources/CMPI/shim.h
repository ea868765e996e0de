// Functions in place of the macros of <mpi.h>, which Swift cannot see; of both Open MPI and MPICH.
#ifndef CMPI_SHIM_H
#define CMPI_SHIM_H

#include <mpi.h>

typedef struct {
  MPI_Request value;
} CMPIRequest;

// Joins the job. All calls are to come from the calling thread. 0 when done, -1 where MPI knows one thread alone, or an error of MPI.
static inline int cmpi_begin(int *rank, int *size) {
  int provided = 0;
  int code = MPI_Init_thread(0, 0, MPI_THREAD_FUNNELED, &provided);
  if (code != MPI_SUCCESS) return code;
  if (provided < MPI_THREAD_FUNNELED) return -1;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, size);
  return 0;
}

static inline int cmpi_end(void) { return MPI_Finalize(); }

static inline void cmpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

static inline int cmpi_send(const void *bytes, int count, int rank, int tag, CMPIRequest *request) {
  return MPI_Isend(bytes, count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, &request->value);
}

static inline int cmpi_receive(void *bytes, int count, int rank, int tag, CMPIRequest *request) {
  return MPI_Irecv(bytes, count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, &request->value);
}

// Whether a message is done: 1 or 0; -1 where it failed.
static inline int cmpi_is_done(CMPIRequest *request) {
  int done = 0;
  return MPI_Test(&request->value, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS ? done : -1;
}

#endif
