// The library itself: version, threads, devices, memory.
#ifndef CTORCH_DEVICE_H
#define CTORCH_DEVICE_H

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

// Version of the libtorch that is linked, such as "2.13.0".
const char *ctorch_version(void);
int ctorch_thread_count(void);
ctorch_status ctorch_set_thread_count(int count);
// Opens libtorch_cuda.so beside the linked libraries when it is there; 1 when CUDA can be used.
int ctorch_cuda_is_available(void);

#ifdef __cplusplus
}
#endif
#endif
