// Tensors as opaque handles: their life, their description, and bytes in and out.
#ifndef CTORCH_TENSOR_H
#define CTORCH_TENSOR_H

#include <stdint.h>
#include "ctorch_status.h"

#ifdef __cplusplus
extern "C" {
#endif

// One owned reference to a tensor. Whoever receives a handle through an out-pointer frees it.
typedef struct ctorch_tensor_opaque *ctorch_tensor;

typedef enum {
    CTORCH_BOOL, CTORCH_UINT8, CTORCH_INT8, CTORCH_INT16, CTORCH_INT32, CTORCH_INT64,
    CTORCH_FLOAT16, CTORCH_BFLOAT16, CTORCH_FLOAT32, CTORCH_FLOAT64,
} ctorch_dtype;

typedef enum { CTORCH_CPU = 0, CTORCH_CUDA = 1, CTORCH_MPS = 2 } ctorch_device_type;

typedef struct {
    ctorch_device_type type;
    int32_t index;
} ctorch_device;

void ctorch_tensor_free(ctorch_tensor tensor);
// Another owned handle of the same tensor.
ctorch_status ctorch_alias(ctorch_tensor tensor, ctorch_tensor *out);
// Handles that exist now, in this process.
int64_t ctorch_tensor_live_count(void);

// Description. `sizes` receives `rank` numbers.
ctorch_status ctorch_tensor_rank(ctorch_tensor tensor, int64_t *rank);
ctorch_status ctorch_tensor_sizes(ctorch_tensor tensor, int64_t *sizes);
ctorch_status ctorch_tensor_dtype(ctorch_tensor tensor, ctorch_dtype *dtype);
ctorch_status ctorch_tensor_device(ctorch_tensor tensor, ctorch_device *device);

// Bytes in: `data` is copied.
ctorch_status ctorch_tensor_from_bytes(const void *data, const int64_t *sizes, int64_t rank,
                                       ctorch_dtype dtype, ctorch_tensor *out);
// Bytes in without a copy: `release(context)` is called once, when no tensor uses `data` any more
// (from whichever thread drops the last one), also when this function fails.
ctorch_status ctorch_tensor_wrap(void *data, const int64_t *sizes, int64_t rank,
                                 ctorch_dtype dtype, void *context, void (*release)(void *),
                                 ctorch_tensor *out);
// Bytes out: `capacity` must be the exact number of bytes.
ctorch_status ctorch_tensor_copy_bytes(ctorch_tensor tensor, void *data, int64_t capacity);
// The address of a contiguous CPU tensor's first element; valid while the handle lives.
ctorch_status ctorch_tensor_data(ctorch_tensor tensor, void **data);
ctorch_status ctorch_tensor_item(ctorch_tensor tensor, double *value);

// New tensors.
ctorch_status ctorch_full(const int64_t *sizes, int64_t rank, double value, ctorch_dtype dtype,
                          ctorch_device device, ctorch_tensor *out);
ctorch_status ctorch_arange(int64_t start, int64_t end, ctorch_dtype dtype, ctorch_device device,
                            ctorch_tensor *out);
// Independent numbers of the normal distribution, from a generator seeded with `seed`.
ctorch_status ctorch_normal(const int64_t *sizes, int64_t rank, double mean, double deviation,
                            uint64_t seed, ctorch_dtype dtype, ctorch_device device,
                            ctorch_tensor *out);
// Independent numbers that are 1 with `probability`, else 0, from a generator seeded with `seed`.
ctorch_status ctorch_bernoulli(const int64_t *sizes, int64_t rank, double probability, uint64_t seed,
                               ctorch_dtype dtype, ctorch_device device, ctorch_tensor *out);
ctorch_status ctorch_to(ctorch_tensor tensor, ctorch_dtype dtype, ctorch_device device,
                        ctorch_tensor *out);
ctorch_status ctorch_clone(ctorch_tensor tensor, ctorch_tensor *out);
ctorch_status ctorch_contiguous(ctorch_tensor tensor, ctorch_tensor *out);
// Overwrites `destination` in place, converting the type.
ctorch_status ctorch_copy_into(ctorch_tensor destination, ctorch_tensor source);

#ifdef __cplusplus
}
#endif
#endif
