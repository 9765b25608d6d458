// Rotary positions: pairs (i, i + D/2) of every head are rotated by the token's angles.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ctorch_ops.h"
#include "kernels.hpp"

using namespace ctorch;

namespace {

/// Rotates one token's heads, or, with `sign` -1, applies the transposed rotation (the gradient).
CTORCH_VECTORISED
void rotate_token(const float *x, int64_t head_stride, const float *cosine, const float *sine, float *y,
                  int64_t heads, int64_t half, bool transposed) {
    for (int64_t head = 0; head < heads; head++, x += head_stride, y += 2 * half) {
        if (transposed) {
            for (int64_t i = 0; i < half; i++) {
                const float a = x[i], b = x[i + half];
                y[i] = a * cosine[i] + b * sine[i + half];
                y[i + half] = b * cosine[i + half] - a * sine[i];
            }
        } else {
            for (int64_t i = 0; i < half; i++) {
                const float a = x[i], b = x[i + half];
                y[i] = a * cosine[i] - b * sine[i];
                y[i + half] = b * cosine[i + half] + a * sine[i + half];
            }
        }
    }
}

at::Tensor rotate(const at::Tensor &input, const at::Tensor &cosine, const at::Tensor &sine, bool transposed) {
    const at::Tensor x = input.stride(2) == 1 ? input : input.contiguous();
    const int64_t tokens = x.size(0), heads = x.size(1), width = x.size(2);
    at::Tensor y = at::empty({tokens, heads, width}, x.options());
    const float *px = x.const_data_ptr<float>();
    const float *pc = cosine.const_data_ptr<float>(), *ps = sine.const_data_ptr<float>();
    float *py = y.mutable_data_ptr<float>();
    const int64_t token_stride = x.stride(0), head_stride = x.stride(1);
    for_parts(tokens, 16, [&](int64_t first, int64_t last) {
        for (int64_t t = first; t < last; t++) {
            rotate_token(px + t * token_stride, head_stride, pc + t * width, ps + t * width,
                         py + t * heads * width, heads, width / 2, transposed);
        }
    });
    return y;
}

struct RotateHalf : torch::autograd::Function<RotateHalf> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x,
                              const at::Tensor &cosine, const at::Tensor &sine) {
        context->save_for_backward({cosine, sine});
        return rotate(x, cosine, sine, false);
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::tensor_list gradients) {
        const auto saved = context->get_saved_variables();
        return {rotate(gradients[0], saved[0], saved[1], true), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

ctorch_status ctorch_rotate_half(ctorch_tensor x, ctorch_tensor cosine, ctorch_tensor sine, ctorch_tensor *out) {
    return produce(out, [&] {
        const at::Tensor input = borrow(x), c = borrow(cosine).contiguous(), s = borrow(sine).contiguous();
        TORCH_CHECK(input.dim() == 3 && input.size(2) % 2 == 0 && c.dim() == 2 && c.sizes() == s.sizes() &&
                        c.size(0) == input.size(0) && c.size(1) == input.size(2),
                    "tokens ", input.sizes(), " do not match tables ", c.sizes(), " and ", s.sizes());
        if (is_plain(input) && is_plain(c)) return RotateHalf::apply(input, c, s);
        // Computed in the tables' type: float32 tables rotate in float32, whatever the type of x.
        const at::Tensor wide = input.to(c.scalar_type());
        const int64_t half = input.size(2) / 2;
        const at::Tensor turned = at::cat({wide.narrow(2, half, half).neg(), wide.narrow(2, 0, half)}, 2);
        return (wide * c.unsqueeze(1) + turned * s.unsqueeze(1)).to(input.scalar_type());
    });
}
