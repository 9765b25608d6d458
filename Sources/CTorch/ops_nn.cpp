// Operators of neural networks.
#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>

#include <cmath>
#include <limits>

#include "boundary.hpp"
#include "ctorch_ops.h"

using namespace ctorch;

namespace {

/// Repeats each of the key/value heads of [B, G, L, D] for its group of query heads.
at::Tensor repeat_heads(const at::Tensor &x, int64_t heads) {
    const int64_t groups = x.size(1);
    TORCH_CHECK(groups > 0 && heads % groups == 0, heads, " query heads do not share ", groups,
                " key/value heads evenly");
    if (groups == heads) return x;
    return x.unsqueeze(2)
        .expand({x.size(0), groups, heads / groups, x.size(2), x.size(3)})
        .reshape({x.size(0), heads, x.size(2), x.size(3)});
}

/// Whether all numbers of each sequence of [B, H, L, D] are finite: [B].
at::Tensor are_finite(const at::Tensor &x) { return at::isfinite(x).flatten(1).all(1); }

/// The result of attention with NaN in sequences whose queries or keys are not finite. The kernels
/// for CPUs take the exponential of a NaN for a number, so that it would leave no trace.
at::Tensor keep_not_finite(const at::Tensor &result, const at::Tensor &query, const at::Tensor &key) {
    if (!result.is_cpu()) return result;
    at::Tensor finite;
    {
        const c10::NoGradGuard no_gradients;
        // A sum that is not finite may have overflowed.
        if (std::isfinite(query.sum().add(key.sum()).item<double>())) return result;
        finite = are_finite(query).logical_and(are_finite(key));
        if (finite.all().item<bool>()) return result;
    }
    return result.masked_fill(finite.logical_not().view({-1, 1, 1, 1}),
                              std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

ctorch_status ctorch_matmul(ctorch_tensor x, ctorch_tensor y, ctorch_tensor *out) {
    return produce(out, [&] { return at::matmul(borrow(x), borrow(y)); });
}

ctorch_status ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, ctorch_tensor *out) {
    return produce(out, [&] { return at::linear(borrow(x), borrow(weight), borrow_optional(bias)); });
}

ctorch_status ctorch_gelu(ctorch_tensor x, int uses_tanh, ctorch_tensor *out) {
    return produce(out, [&] { return at::gelu(borrow(x), uses_tanh ? "tanh" : "none"); });
}

ctorch_status ctorch_sigmoid(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return at::sigmoid(borrow(x)); });
}

ctorch_status ctorch_layer_norm(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, double epsilon, ctorch_tensor *out) {
    return produce(out, [&] {
        const at::Tensor input = borrow(x);
        const int64_t width = input.size(-1);
        return at::layer_norm(input, {width}, borrow(weight), borrow(bias), epsilon);
    });
}

ctorch_status ctorch_cross_entropy_sum(ctorch_tensor logits, ctorch_tensor targets, int64_t ignored, ctorch_tensor *out) {
    return produce(out, [&] {
        return at::cross_entropy_loss(borrow(logits), borrow(targets), {}, at::Reduction::Sum, ignored);
    });
}

ctorch_status ctorch_cross_entropy(ctorch_tensor logits, ctorch_tensor targets, ctorch_tensor *out) {
    return produce(out, [&] {
        return at::cross_entropy_loss(borrow(logits), borrow(targets), {}, at::Reduction::None);
    });
}

ctorch_status ctorch_attention(ctorch_tensor q, ctorch_tensor k, ctorch_tensor v, int is_causal, double scale, ctorch_tensor *out) {
    return produce(out, [&] {
        const at::Tensor query = borrow(q);
        const at::Tensor key = borrow(k);
        const int64_t heads = query.size(1);
        const at::Tensor result = at::scaled_dot_product_attention(
            query, repeat_heads(key, heads), repeat_heads(borrow(v), heads), std::nullopt, 0.0,
            is_causal != 0, scale);
        return keep_not_finite(result, query, key);
    });
}
