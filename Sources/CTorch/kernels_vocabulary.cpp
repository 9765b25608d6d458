// The two layers whose weight is a table of the whole vocabulary. It is the largest tensor of a
// model, so neither ever makes a second one of its size where its gradient is a leaf's.
#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "boundary.hpp"
#include "ctorch_ops.h"

using namespace ctorch;

namespace {

/// The type that gradients of `weight` are summed in.
at::ScalarType sum_type(const at::Tensor &weight) {
    return weight.is_leaf() ? weight.grad_dtype().value_or(weight.scalar_type()) : weight.scalar_type();
}

/// Adds `left^T right` of a chunk, `[V, C] x [C, W]`, to `sum` `[V, W]`. Where the types differ, rows
/// are taken in parts, so that the product in the narrow type is small beside the sum.
void add_product(at::Tensor &sum, const at::Tensor &left, const at::Tensor &right) {
    if (sum.scalar_type() == left.scalar_type()) {
        sum.addmm_(left.t(), right);
        return;
    }
    constexpr int64_t row_count = 8192;
    for (int64_t row = 0; row < sum.size(0); row += row_count) {
        const int64_t count = std::min(row_count, sum.size(0) - row);
        sum.narrow(0, row, count).add_(left.narrow(1, row, count).t().matmul(right));
    }
}

/// Hands a gradient, in the type that it is summed in, to a leaf at once; what it returns goes on to
/// the engine.
at::Tensor deposit(const at::Tensor &weight, const at::Tensor &gradient) {
    if (!weight.is_leaf()) return gradient;
    at::AutoGradMode off(false);
    at::Tensor &kept = weight.mutable_grad();
    if (kept.defined()) {
        kept.add_(gradient);
    } else {
        kept = gradient;
    }
    return at::Tensor();
}

struct EmbeddingRows : torch::autograd::Function<EmbeddingRows> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &weight,
                              const at::Tensor &indices) {
        context->save_for_backward({weight, indices});
        return at::embedding(weight, indices);
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::tensor_list gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &weight = saved[0];
        const at::Tensor rows = saved[1].reshape({-1});
        const at::Tensor added = gradients[0].reshape({-1, weight.size(1)});
        at::AutoGradMode off(false);
        if (weight.is_leaf() && weight.grad().defined()) {
            at::Tensor &kept = weight.mutable_grad();
            kept.index_add_(0, rows, added.to(kept.scalar_type()));
            return {at::Tensor(), at::Tensor()};
        }
        const at::ScalarType type = sum_type(weight);
        const at::Tensor gradient = at::zeros_like(weight, type).index_add_(0, rows, added.to(type));
        return {deposit(weight, gradient), at::Tensor()};
    }
};

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &hidden,
                              const at::Tensor &weight, const at::Tensor &targets, int64_t chunk,
                              double scale, at::Tensor rows) {
        const bool is_recorded = hidden.requires_grad() || weight.requires_grad();
        at::Tensor hidden_gradient = is_recorded ? at::empty_like(hidden) : at::Tensor();
        at::Tensor weight_gradient = weight.requires_grad() ? at::zeros_like(weight, sum_type(weight)) : at::Tensor();
        at::Tensor total = at::zeros({}, hidden.options().dtype(at::kFloat));
        for (int64_t start = 0; start < hidden.size(0); start += chunk) {
            const int64_t length = std::min(chunk, hidden.size(0) - start);
            const at::Tensor states = hidden.narrow(0, start, length);
            const at::Tensor columns = targets.narrow(0, start, length).unsqueeze(1);
            // One buffer is in turn logits, exponentials, probabilities and gradient.
            at::Tensor buffer = at::linear(states, weight).to(at::kFloat);
            const at::Tensor chosen = buffer.gather(1, columns);
            const at::Tensor greatest = buffer.amax({1}, true);
            buffer.sub_(greatest).exp_();
            const at::Tensor sums = buffer.sum({1}, true);
            const at::Tensor losses = sums.log() + greatest - chosen;
            total.add_(losses.sum());
            rows.narrow(0, start, length).narrow(1, 0, 1).copy_(losses);
            rows.narrow(0, start, length).narrow(1, 1, 1).copy_(chosen >= greatest);
            if (!is_recorded) continue;
            buffer.div_(sums);
            buffer.scatter_add_(1, columns, at::full_like(chosen, -1));
            const at::Tensor gradient = buffer.mul_(scale).to(weight.scalar_type());
            hidden_gradient.narrow(0, start, length).copy_(gradient.matmul(weight));
            if (weight_gradient.defined()) add_product(weight_gradient, gradient, states);
        }
        if (is_recorded) context->saved_data["hidden"] = hidden_gradient;
        if (weight_gradient.defined()) context->saved_data["weight"] = weight_gradient;
        context->saved_data["scale"] = scale;
        context->save_for_backward({weight});
        return total;
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::tensor_list gradients) {
        const at::Tensor weight = context->get_saved_variables()[0];
        TORCH_CHECK(context->saved_data.count("hidden") == 1, "backward ran through this loss before");
        at::AutoGradMode off(false);
        const at::Tensor factor = gradients[0] / context->saved_data["scale"].toDouble();
        at::Tensor hidden_gradient = context->saved_data["hidden"].toTensor();
        hidden_gradient.mul_(factor);
        at::Tensor weight_gradient;
        if (context->saved_data.count("weight") == 1) {
            weight_gradient = context->saved_data["weight"].toTensor();
            weight_gradient.mul_(factor);
        }
        // The graph outlives backward; what it kept must not.
        context->saved_data.clear();
        if (weight_gradient.defined()) weight_gradient = deposit(weight, weight_gradient);
        return {hidden_gradient, weight_gradient, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

ctorch_status ctorch_embedding(ctorch_tensor weight, ctorch_tensor indices, ctorch_tensor *out) {
    return produce(out, [&] {
        const at::Tensor table = borrow(weight);
        if (!table.requires_grad()) return at::embedding(table, borrow(indices));
        return at::Tensor(EmbeddingRows::apply(table, borrow(indices)));
    });
}

ctorch_status ctorch_linear_cross_entropy(ctorch_tensor hidden, ctorch_tensor weight, ctorch_tensor targets,
                                          int64_t chunk, double scale, ctorch_tensor *sum, ctorch_tensor *rows) {
    return guarded([&] {
        TORCH_CHECK(chunk > 0 && scale > 0, "a chunk has at least one row, a scale is positive");
        const at::Tensor states = borrow(hidden), table = borrow(weight);
        TORCH_CHECK(states.dim() == 2 && states.size(1) == table.size(1), "hidden ", states.sizes(),
                    " does not fit weight ", table.sizes());
        const at::Tensor each = at::empty({states.size(0), 2}, states.options().dtype(at::kFloat));
        const at::Tensor total = LinearCrossEntropy::apply(states, table, borrow(targets), chunk, scale, each);
        *sum = own(total);
        *rows = own(each);
    });
}
