// Operators, grouped by family. An operator exists here when a Swift caller exists.
#ifndef CTORCH_OPS_H
#define CTORCH_OPS_H

#include "ctorch_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- shape (ops_shape.cpp): views where libtorch makes views
ctorch_status ctorch_reshape(ctorch_tensor x, const int64_t *sizes, int64_t rank, ctorch_tensor *out);
ctorch_status ctorch_transpose(ctorch_tensor x, int64_t axis0, int64_t axis1, ctorch_tensor *out);
ctorch_status ctorch_permute(ctorch_tensor x, const int64_t *axes, int64_t count, ctorch_tensor *out);
ctorch_status ctorch_unsqueeze(ctorch_tensor x, int64_t axis, ctorch_tensor *out);
ctorch_status ctorch_squeeze(ctorch_tensor x, int64_t axis, ctorch_tensor *out);
ctorch_status ctorch_expand(ctorch_tensor x, const int64_t *sizes, int64_t rank, ctorch_tensor *out);
ctorch_status ctorch_narrow(ctorch_tensor x, int64_t axis, int64_t start, int64_t length, ctorch_tensor *out);
ctorch_status ctorch_select(ctorch_tensor x, int64_t axis, int64_t index, ctorch_tensor *out);
ctorch_status ctorch_concatenate(const ctorch_tensor *tensors, int64_t count, int64_t axis, ctorch_tensor *out);
ctorch_status ctorch_stack(const ctorch_tensor *tensors, int64_t count, int64_t axis, ctorch_tensor *out);

// --- indexing (ops_indexing.cpp)
ctorch_status ctorch_index_select(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor *out);
ctorch_status ctorch_index_copy(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor source, ctorch_tensor *out);
ctorch_status ctorch_index_add(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor source, ctorch_tensor *out);
ctorch_status ctorch_gather(ctorch_tensor x, int64_t axis, ctorch_tensor index, ctorch_tensor *out);
ctorch_status ctorch_masked_fill(ctorch_tensor x, ctorch_tensor mask, double value, ctorch_tensor *out);
ctorch_status ctorch_where(ctorch_tensor condition, ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out);
ctorch_status ctorch_topk(ctorch_tensor x, int64_t count, ctorch_tensor *values, ctorch_tensor *indices);

// --- element-wise mathematics (ops_math.cpp)
ctorch_status ctorch_add(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out);
ctorch_status ctorch_subtract(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out);
ctorch_status ctorch_multiply(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out);
ctorch_status ctorch_divide(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out);
ctorch_status ctorch_add_scalar(ctorch_tensor x, double y, ctorch_tensor *out);
ctorch_status ctorch_multiply_scalar(ctorch_tensor x, double y, ctorch_tensor *out);
ctorch_status ctorch_power(ctorch_tensor x, double exponent, ctorch_tensor *out);
ctorch_status ctorch_power_of(double base, ctorch_tensor exponents, ctorch_tensor *out);
ctorch_status ctorch_square_root(ctorch_tensor x, ctorch_tensor *out);
ctorch_status ctorch_exponential(ctorch_tensor x, ctorch_tensor *out);
ctorch_status ctorch_cosine(ctorch_tensor x, ctorch_tensor *out);
ctorch_status ctorch_sine(ctorch_tensor x, ctorch_tensor *out);
ctorch_status ctorch_clamp_minimum(ctorch_tensor x, double minimum, ctorch_tensor *out);
ctorch_status ctorch_is_finite(ctorch_tensor x, ctorch_tensor *out);
// To the nearest integer, halves to the even one.
ctorch_status ctorch_round(ctorch_tensor x, ctorch_tensor *out);
// -1, 0 or 1.
ctorch_status ctorch_sign(ctorch_tensor x, ctorch_tensor *out);
ctorch_status ctorch_greater(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out);

// --- reductions (ops_reduction.cpp); no axes = all of them
ctorch_status ctorch_sum(ctorch_tensor x, const int64_t *axes, int64_t count, int keep, ctorch_tensor *out);
ctorch_status ctorch_mean(ctorch_tensor x, const int64_t *axes, int64_t count, int keep, ctorch_tensor *out);
ctorch_status ctorch_maximum(ctorch_tensor x, int64_t axis, int keep, ctorch_tensor *out);
ctorch_status ctorch_logsumexp(ctorch_tensor x, int64_t axis, int keep, ctorch_tensor *out);
ctorch_status ctorch_all(ctorch_tensor x, ctorch_tensor *out);
// Euclidean norm along one axis.
ctorch_status ctorch_norm(ctorch_tensor x, int64_t axis, int keep, ctorch_tensor *out);

// --- neural networks (ops_nn.cpp)
ctorch_status ctorch_matmul(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out);
// `bias` may be NULL.
ctorch_status ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor *out);
// The gradient of a leaf `weight` is added in place, row by row.
ctorch_status ctorch_embedding(ctorch_tensor weight, ctorch_tensor indices, ctorch_tensor *out);
ctorch_status ctorch_gelu(ctorch_tensor x, ctorch_tensor *out);
ctorch_status ctorch_softmax(ctorch_tensor x, int64_t axis, ctorch_tensor *out);
// Sum over rows of -log softmax(logits)[target]; rows whose target is `ignored` count nothing.
ctorch_status ctorch_cross_entropy_sum(ctorch_tensor logits, ctorch_tensor targets, int64_t ignored, ctorch_tensor *out);
// The same of each row, not summed.
ctorch_status ctorch_cross_entropy(ctorch_tensor logits, ctorch_tensor targets, ctorch_tensor *out);
// The sum of the same of logits = hidden weight^T in float32, which exist for `chunk` rows at a time.
// `rows` [n, 2] has each row's loss, and 1 where no logit is above that of the target; it has no
// gradient. The gradients are computed with the loss, so that the projection runs three times and not
// four; the weight's goes straight into the gradient of a leaf.
ctorch_status ctorch_linear_cross_entropy(ctorch_tensor hidden, ctorch_tensor weight, ctorch_tensor targets,
                                          int64_t chunk, ctorch_tensor *sum, ctorch_tensor *rows);
// Attention over [B, H, L, D]; keys and values may have fewer heads, each shared by a group.
ctorch_status ctorch_attention(ctorch_tensor q, ctorch_tensor k, ctorch_tensor v, int is_causal, double scale, ctorch_tensor *out);

// --- fused kernels of our own (kernels_*.cpp), each with its gradient
// x / sqrt(mean(x^2) + epsilon) in float32, rounded to the type of x, times `weight` in that type.
ctorch_status ctorch_rms_norm(ctorch_tensor x, ctorch_tensor weight, double epsilon, ctorch_tensor *out);
// silu(gate) * up
ctorch_status ctorch_silu_multiply(ctorch_tensor gate, ctorch_tensor up, ctorch_tensor *out);
// x [T, H, D], cosine and sine [T, D]: pairs (i, i + D/2) are rotated.
ctorch_status ctorch_rotate_half(ctorch_tensor x, ctorch_tensor cosine, ctorch_tensor sine, ctorch_tensor *out);

// --- optimiser (ops_optimizer.cpp): lists of equal length, updated in place
ctorch_status ctorch_fused_adamw(const ctorch_tensor *parameters, const ctorch_tensor *gradients,
                                 const ctorch_tensor *first_moments, const ctorch_tensor *second_moments,
                                 const ctorch_tensor *steps, int64_t count, double learning_rate, double beta1,
                                 double beta2, double weight_decay, double epsilon);
// Euclidean norm over all elements of all tensors, in float32.
ctorch_status ctorch_total_norm(const ctorch_tensor *tensors, int64_t count, ctorch_tensor *out);
// destination += weight * (source - destination), in place.
ctorch_status ctorch_lerp_into(ctorch_tensor destination, ctorch_tensor source, double weight);
ctorch_status ctorch_scale_all(const ctorch_tensor *tensors, int64_t count, double factor);

#ifdef __cplusplus
}
#endif
#endif
