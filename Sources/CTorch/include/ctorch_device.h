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
// Bytes of a device that are free for any program and that there are in all; bytes that this process
// holds of it, and the most that it held. All are 0 where the device does not say.
ctorch_status ctorch_device_memory(ctorch_device device, int64_t *free_bytes, int64_t *total_bytes,
                                   int64_t *held_bytes, int64_t *peak_bytes);

#ifdef __cplusplus
}
#endif
#endif
