// Gradients. The gradient mode belongs to the calling thread.
#ifndef CTORCH_AUTOGRAD_H
#define CTORCH_AUTOGRAD_H

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

// Turns recording on or off on this thread; returns what it was.
int ctorch_gradient_mode_set(int enabled);

ctorch_status ctorch_requires_gradient(ctorch_tensor x, int *result);
ctorch_status ctorch_set_requires_gradient(ctorch_tensor x, int required);
ctorch_status ctorch_detach(ctorch_tensor x, ctorch_tensor *out);
// *out is NULL where there is no gradient yet.
ctorch_status ctorch_gradient(ctorch_tensor x, ctorch_tensor *out);
// `gradient` may be NULL: drops it.
ctorch_status ctorch_set_gradient(ctorch_tensor x, ctorch_tensor gradient);
// `gradient` may be NULL for a scalar.
ctorch_status ctorch_backward(ctorch_tensor x, ctorch_tensor gradient);

// A function of the caller: reads `inputs` (borrowed), writes owned handles to `outputs`. It may be
// called on another thread than the one that built the graph, so it reports failure by its status.
typedef ctorch_status (*ctorch_segment)(void *context, const ctorch_tensor *inputs, int64_t input_count,
                                        ctorch_tensor *output);

// Runs `segment` without recording and runs it again during backward, so that what it computes in
// between is not kept (activation checkpointing). Gradients reach `inputs` and every parameter that
// the segment uses. `release(context)` is called once, when no graph needs the segment any more.
ctorch_status ctorch_recomputed(const ctorch_tensor *inputs, int64_t input_count, ctorch_segment segment,
                                void *context, void (*release)(void *), ctorch_tensor *out);

#ifdef __cplusplus
}
#endif
#endif
