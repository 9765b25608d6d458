// Processes that compute together: the store through which they find each other, and the collective
// operations of a group of them (c10d of libtorch: TCPStore, Gloo, NCCL).
//
// All ranks of a group call the same functions in the same order, each from one thread. A failure of
// another process, or one that cannot be told from it, is CTORCH_PEER_LOST. A group that has failed
// stays unusable: every later call on it fails at once.
#ifndef CTORCH_RANKS_H
#define CTORCH_RANKS_H

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_store_opaque *ctorch_store;
typedef struct ctorch_group_opaque *ctorch_group;
// A collective operation that was started. `ctorch_work_wait` completes and frees it.
typedef struct ctorch_work_opaque *ctorch_work;

// --- the store: keys and byte strings, kept by one process. Calls may come from any thread; they are
// served one after the other, so a call that waits delays the others.
// Serves the store on `port` (0: a free one) if `serves` is set, else connects to it. Waits until
// `world_size` processes are connected; 0 waits for none.
ctorch_status ctorch_store_open(const char *host, uint16_t port, int serves, int64_t world_size,
                                int64_t timeout_milliseconds, ctorch_store *out);
// A store for threads of this process.
ctorch_status ctorch_store_local(ctorch_store *out);
// A view of a store in which every key begins with `prefix`.
ctorch_status ctorch_store_prefixed(ctorch_store store, const char *prefix, ctorch_store *out);
void ctorch_store_free(ctorch_store store);
// The port of a store made by `ctorch_store_open`.
ctorch_status ctorch_store_port(ctorch_store store, uint16_t *port);
ctorch_status ctorch_store_set(ctorch_store store, const char *key, const void *bytes, int64_t count);
// Waits until the key exists. `bytes` is allocated with malloc, for the caller to free.
ctorch_status ctorch_store_get(ctorch_store store, const char *key, int64_t timeout_milliseconds, void **bytes,
                               int64_t *count);
// Whether all keys exist; does not wait.
ctorch_status ctorch_store_check(ctorch_store store, const char *const *keys, int64_t count, int *exist);
// Adds to a counter that starts at 0; `sum` is the result.
ctorch_status ctorch_store_add(ctorch_store store, const char *key, int64_t amount, int64_t *sum);
ctorch_status ctorch_store_remove(ctorch_store store, const char *key);

// --- the group
// Joins the ranks that call this with the same store and name. `host` and `port` are those of the store:
// the local address from which they are reached is the one that the other ranks connect to, unless
// GLOO_SOCKET_IFNAME names an interface; a NULL `host` is this machine's loopback address. If `is_checked`
// is set, ranks compare the kinds, shapes and types of all operations first, which costs milliseconds each.
// With a CUDA device, NCCL transfers that device's tensors, and Gloo those of the CPU.
ctorch_status ctorch_group_join(ctorch_store store, const char *name, int rank, int world_size, const char *host,
                                uint16_t port, int64_t timeout_milliseconds, int is_checked, ctorch_device device,
                                ctorch_group *out);
void ctorch_group_free(ctorch_group group);
// The local address that a group with these parameters uses; malloc'ed, empty if it cannot be found.
char *ctorch_local_address(const char *host, uint16_t port);

// --- collective operations: the tensors are contiguous and stay alive until the work is waited for
ctorch_status ctorch_work_wait(ctorch_work work);
// Replaces the elements of `x` by their sums over all ranks.
ctorch_status ctorch_all_reduce(ctorch_group group, ctorch_tensor x, ctorch_work *out);
// `output` receives the elements of all inputs, in the order of ranks; all have the same number.
ctorch_status ctorch_all_gather(ctorch_group group, ctorch_tensor input, ctorch_tensor output, ctorch_work *out);
// `output` receives this rank's equal part of the sum of all inputs.
ctorch_status ctorch_reduce_scatter(ctorch_group group, ctorch_tensor input, ctorch_tensor output,
                                    ctorch_work *out);
// Waits for all ranks; the failure on rank 0 names those that are missing.
ctorch_status ctorch_barrier(ctorch_group group, int64_t timeout_milliseconds);
// The rows of all ranks, in the order of ranks; `counts` has the number of rows of each. Differentiable:
// the gradient of the local rows is the sum over ranks of the gradients of their copies.
ctorch_status ctorch_gather_rows(ctorch_group group, ctorch_tensor local, const int64_t *counts,
                                 int64_t world_size, ctorch_tensor *out);

#ifdef __cplusplus
}
#endif
#endif
