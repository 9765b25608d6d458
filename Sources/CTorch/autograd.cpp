// Gradients, and segments that are computed again during backward.
#include "ctorch_autograd.h"

#include <torch/csrc/autograd/custom_function.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <memory>

#include "boundary.hpp"

using namespace ctorch;

namespace {

/// A caller's function and its context, freed with the last graph that needs it.
struct Segment : torch::CustomClassHolder {
    ctorch_segment function;
    void *context;
    void (*release)(void *);

    Segment(ctorch_segment function, void *context, void (*release)(void *))
        : function(function), context(context), release(release) {}
    Segment(const Segment &) = delete;
    ~Segment() override { release(context); }

    at::Tensor operator()(const std::vector<at::Tensor> &inputs) const {
        std::vector<ctorch_tensor> handles;
        for (const at::Tensor &input : inputs) handles.push_back(own(input));
        ctorch_tensor result = nullptr;
        const ctorch_status status =
            function(context, handles.data(), static_cast<int64_t>(handles.size()), &result);
        for (ctorch_tensor handle : handles) ctorch_tensor_free(handle);
        if (status != CTORCH_OK) throw CallbackFailure{};
        at::Tensor output = borrow(result);
        ctorch_tensor_free(result);
        return output;
    }
};

/// Reentrant activation checkpointing (Chen et al. 2016): forward keeps the inputs alone.
struct Recomputed : torch::autograd::Function<Recomputed> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, at::TensorList inputs,
                              const at::Tensor & /* makes the result require a gradient */,
                              c10::intrusive_ptr<Segment> segment) {
        at::AutoGradMode off(false);
        std::vector<at::Tensor> kept(inputs.begin(), inputs.end());
        at::Tensor output = (*segment)(kept);
        context->save_for_backward(kept);
        context->saved_data["segment"] = at::IValue::make_capsule(segment);
        // A segment that returns its input unchanged must still be a new variable.
        for (const at::Tensor &input : kept) {
            if (output.is_same(input)) return output.view_as(output);
        }
        return output;
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::tensor_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto segment = c10::static_intrusive_pointer_cast<Segment>(
            context->saved_data["segment"].toCapsule());
        std::vector<at::Tensor> inputs;
        at::AutoGradMode on(true);
        for (const at::Tensor &tensor : saved) {
            at::Tensor leaf = tensor.detach();
            leaf.set_requires_grad(tensor.requires_grad());
            inputs.push_back(leaf);
        }
        at::Tensor output = (*segment)(inputs);
        if (output.requires_grad()) output.backward(gradients[0]);
        torch::autograd::tensor_list result;
        for (const at::Tensor &input : inputs) {
            result.push_back(input.requires_grad() ? input.grad() : at::Tensor());
        }
        result.emplace_back();
        result.emplace_back();
        return result;
    }
};

}  // namespace

int ctorch_gradient_mode_set(int enabled) {
    const bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled != 0);
    return before ? 1 : 0;
}

ctorch_status ctorch_requires_gradient(ctorch_tensor x, int *result) {
    return guarded([&] { *result = borrow(x).requires_grad() ? 1 : 0; });
}

ctorch_status ctorch_set_requires_gradient(ctorch_tensor x, int required) {
    return guarded([&] { borrow(x).requires_grad_(required != 0); });
}

ctorch_status ctorch_detach(ctorch_tensor x, ctorch_tensor *out) {
    return produce(out, [&] { return borrow(x).detach(); });
}

ctorch_status ctorch_gradient(ctorch_tensor x, ctorch_tensor *out) {
    return guarded([&] {
        const at::Tensor gradient = borrow(x).grad();
        *out = gradient.defined() ? own(gradient) : nullptr;
    });
}

ctorch_status ctorch_set_gradient(ctorch_tensor x, ctorch_tensor gradient) {
    return guarded([&] { borrow(x).mutable_grad() = borrow_optional(gradient); });
}

ctorch_status ctorch_backward(ctorch_tensor x, ctorch_tensor gradient) {
    return guarded([&] { borrow(x).backward(borrow_optional(gradient)); });
}

ctorch_status ctorch_recomputed(const ctorch_tensor *inputs, int64_t input_count, ctorch_segment function,
                                void *context, void (*release)(void *), ctorch_tensor *out) {
    auto segment = c10::make_intrusive<Segment>(function, context, release);
    return produce(out, [&] {
        const std::vector<at::Tensor> list = borrow_all(inputs, input_count);
        if (!at::GradMode::is_enabled()) return (*segment)(list);
        const at::Tensor trigger = at::zeros({}, at::kFloat).requires_grad_(true);
        return Recomputed::apply(at::TensorList(list), trigger, segment);
    });
}
